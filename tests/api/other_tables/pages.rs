//! The pages of any table: its own fields in the form, and nothing of another table.

use serde_json::{Value, json};

use super::contract::document;
use super::{Table, WORDS, schema, small};
use crate::app::App;

/// Returns what the first page is told of the table.
async fn told(app: &App) -> Value {
    let page = String::from_utf8(app.get("/").await.body.to_vec()).unwrap();
    let start = page.split("<script type=\"application/json\" id=\"table\">").nth(1).expect("the table is told");
    serde_json::from_str(start.split("</script>").next().unwrap()).unwrap()
}

#[tokio::test]
async fn the_form_has_the_fields_of_the_table() {
    for table in Table::all() {
        let told = told(&table.app).await;
        let fields = told["fields"].as_array().unwrap();
        let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
        assert_eq!(names, table.fields());
        assert!(fields.iter().all(|field| field["required"] == true && field["title"].is_string()), "{told}");
        assert_eq!(told["label"]["name"], table.label);
        assert_eq!(told["compared"], "not compared with the model");
        let examples = told["examples"].as_array().unwrap();
        assert_eq!(examples.len(), 2, "the schema's own");
        for example in examples {
            assert_eq!(table.app.predict_value(&example["record"]).await.status, 201, "{example}");
        }
        assert_eq!(
            told["label"]["categories"].as_array().map(Vec::len),
            match table.name {
                "breast_cancer" => Some(2),
                "classes" => Some(3),
                _ => None,
            }
        );
    }
}

#[tokio::test]
async fn no_page_speaks_of_another_table() {
    for table in Table::all() {
        for path in ["/", "/docs", "/assets/client.js", "/assets/docs.js", "/assets/index.js", "/assets/style.css"] {
            let page = String::from_utf8(table.app.get(path).await.body.to_vec()).unwrap().to_lowercase();
            for word in WORDS {
                assert!(!page.contains(word), "{word} in {path}");
            }
        }
    }
}

#[tokio::test]
async fn what_a_schema_says_cannot_break_out_of_the_page() {
    let evil = "</script><script>alert(1)</script><!--";
    let fields = json!([{"name": "note", "type": "string", "title": evil, "description": evil}]);
    let mut table = schema(&fields, &json!({"name": "y", "type": "number", "title": evil}), &json!({"record": evil}));
    table["title"] = json!(evil);
    let app = small(&table);
    let page = String::from_utf8(app.get("/").await.body.to_vec()).unwrap();
    assert!(!page.contains("alert(1)</script>") && !page.contains("<!--"), "{page}");
    assert_eq!(told(&app).await["title"], evil);
}

#[tokio::test]
async fn ten_thousand_categories_are_in_no_list() {
    for (count, is_listed) in [(100, true), (101, false), (10_000, false)] {
        let places: Vec<String> = (0..count).map(|place| format!("place {place}")).collect();
        let fields = json!([{"name": "place", "type": "string", "categories": places, "example": "place 7"}]);
        let app = small(&schema(&fields, &json!({"name": "y", "type": "number"}), &json!({})));
        let record = |place: &str| json!({"x": 0.5, "place": place});
        let (first, last) = (record("place 0"), record(&format!("place {}", count - 1)));
        let answers = app.predict_value(&json!([first, last])).await;
        assert_eq!((answers.status.as_u16(), answers.header("lifeboat-created")), (200, "2"));

        let field = &told(&app).await["fields"][0];
        assert_eq!((&field["name"], field["categories"].is_array()), (&json!("place"), is_listed));
        let document = document(&app).await;
        let property = &document["components"]["schemas"]["Record"]["properties"]["place"];
        assert_eq!((property["enum"].is_array(), &property["type"]), (is_listed, &json!(["string", "null"])));
        assert!(document.to_string().len() < 200_000);

        let problem = app.predict_value(&record("nowhere")).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], "/place");
        assert!(problem.to_string().len() < 2_000, "{problem}");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("nowhere"), "{detail}");
    }
}
