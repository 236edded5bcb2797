"""A forest that predicts a number: how far will diabetes be in a year?"""

import lifeboat_tabular as lifeboat
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor

data = load_diabetes(as_frame=True, scaled=False)
X = data.data.astype("float32")
X.insert(0, "id", range(1, len(X) + 1))
y = data.target

model = RandomForestRegressor(50, min_samples_leaf=5, random_state=0)
model.fit(X.drop(columns="id"), y)

lifeboat.pack(model, X, y, "diabetes", target="progression", key="id")
