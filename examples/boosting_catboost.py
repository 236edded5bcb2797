"""CatBoost and an array of NumPy, whose columns and key have no names of their own: who leaves?"""

import lifeboat_tabular as lifeboat
import numpy as np
from catboost import CatBoostClassifier
from sklearn.datasets import make_classification

X, leaves = make_classification(500, n_features=5, random_state=0)
X = X.astype(np.float32)
y = np.where(leaves == 1, "leaves", "stays")
customers = np.arange(1000, 1500)

model = CatBoostClassifier(iterations=40, depth=4, verbose=False, allow_writing_files=False)
model.fit(X, y)

names = ["calls", "minutes", "complaints", "months", "spend"]
lifeboat.pack(model, X, y, "churn", target="customer", key={"id": customers}, columns=names, positive="leaves")
