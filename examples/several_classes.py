"""LightGBM as the last step of a pipeline, and a target of three texts: which iris is it?"""

import lifeboat_tabular as lifeboat
from lightgbm import LGBMClassifier
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

data = load_iris(as_frame=True)
X = data.data.astype("float32")
y = data.target.map(dict(enumerate(data.target_names)))

model = make_pipeline(StandardScaler(), LGBMClassifier(n_estimators=30, num_leaves=7, verbose=-1))
model.fit(X, y)

lifeboat.pack(model, X, y, "irises", target="species")
