"""A pipeline of scikit-learn with numbers and texts, some of them missing: which passengers of the Titanic survived?"""

from pathlib import Path

import lifeboat_tabular as lifeboat
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

passengers = pd.read_csv(Path(__file__).parents[1] / "model/titanic/train.csv")
X = passengers[["PassengerId", "Age", "Fare", "Pclass", "Sex", "Embarked"]].rename(columns={"PassengerId": "id"})
y = passengers["Survived"].map({0: "died", 1: "survived"})

prepared = ColumnTransformer(
    [
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["Age", "Fare"]),
        ("texts", OneHotEncoder(handle_unknown="ignore"), ["Pclass", "Sex", "Embarked"]),
    ]
)
model = make_pipeline(prepared, LogisticRegression(max_iter=500))
model.fit(X, y)

lifeboat.pack(model, X, y, "titanic", target="outcome", key="id", positive="survived")
