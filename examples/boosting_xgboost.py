"""XGBoost, which wants its classes as numbers: what is packed has their names again."""

import lifeboat_tabular as lifeboat
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import LabelEncoder
from xgboost import XGBClassifier

data = load_breast_cancer(as_frame=True)
X = data.data.iloc[:, :8].astype("float32")
y = data.target.map({0: "malignant", 1: "benign"})

model = XGBClassifier(n_estimators=40, max_depth=4)
model.fit(X, LabelEncoder().fit_transform(y))

lifeboat.pack(model, X.assign(id=range(len(X))), y, "tumours", target="diagnosis", key="id", positive="malignant")
