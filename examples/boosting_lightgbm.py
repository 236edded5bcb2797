"""LightGBM with values missing, whose figures are of rows that it has not seen: which tumours are malignant?"""

import lifeboat_tabular as lifeboat
import numpy as np
from lightgbm import LGBMClassifier
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

data = load_breast_cancer(as_frame=True)
X = data.data.iloc[:, :8].astype("float32")
X = X.mask(np.random.default_rng(0).random(X.shape) < 0.05)
X.insert(0, "id", [f"T{number:04}" for number in range(len(X))])
y = data.target.map({0: "malignant", 1: "benign"})
X, X_unseen, y, y_unseen = train_test_split(X, y, random_state=0)

model = LGBMClassifier(n_estimators=40, num_leaves=15, verbose=-1)
model.fit(X.drop(columns="id"), y)

lifeboat.pack(model, X, y, "tumours", target="diagnosis", key="id", positive="malignant", evaluate=(X_unseen, y_unseen))
