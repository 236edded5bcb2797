//! Examples that work when they are pasted.

use serde_json::{Value, json};

/// A mother who survived with her children.
pub(in crate::api) fn becker() -> Value {
    json!({
        "PassengerId": 1070, "Pclass": 2, "Name": "Becker, Mrs. Allen Oliver (Nellie E Baumgardner)", "Sex": "female",
        "Age": 36, "SibSp": 0, "Parch": 3, "Ticket": "230136", "Fare": 39, "Cabin": "F4", "Embarked": "S",
    })
}

/// The first passenger of Kaggle's test file.
pub(in crate::api) fn kelly() -> Value {
    json!({
        "PassengerId": 892, "Pclass": 3, "Name": "Kelly, Mr. James", "Sex": "male", "Age": 34.5, "SibSp": 0, "Parch": 0,
        "Ticket": "330911", "Fare": 7.8292, "Cabin": null, "Embarked": "Q",
    })
}

/// What the model that comes with the program says of her.
pub(in crate::api) fn answer() -> Value {
    json!({
        "id": "1070-11d08092d515798f5405b9f12c5230ab", "PassengerId": 1070, "Survived": 1, "probability": 0.964_795_3,
        "model_version": "1.0.0-52bbc61d", "created_at": "2026-11-23T20:07:20.289Z",
    })
}

/// Two passengers as tensors.
pub(in crate::api) fn infer() -> Value {
    json!({
        "id": "two passengers",
        "inputs": [
            {"name": "Pclass", "datatype": "INT64", "shape": [2], "data": [1, 3]},
            {"name": "Sex", "datatype": "BYTES", "shape": [2], "data": ["female", "male"]},
            {"name": "Age", "datatype": "FP64", "shape": [2], "data": [38, null]},
        ],
        "outputs": [{"name": "probability"}, {"name": "id"}],
    })
}

/// Two passengers as a table.
pub(in crate::api) const TABLE: &str = "PassengerId,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked\n\
    892,3,\"Kelly, Mr. James\",male,34.5,0,0,330911,7.8292,,Q\n\
    893,3,\"Wilkes, Mrs. James (Ellen Needs)\",female,47,1,0,363272,7,,S\n";
