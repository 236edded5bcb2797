//! What a client can get wrong: each is told where and why, and nothing of it is stored.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::passengers::numbered;

/// Returns the pointers of a problem's errors, in order.
fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

/// Posts a body that must be refused, and returns the problem.
async fn refused(body: impl Into<Body>, status: u16) -> Value {
    let app = App::new();
    let problem = app.predict(body).await.problem(status);
    assert_eq!(app.stored(), 0);
    problem
}

/// Posts a passenger with one value of it replaced, which must be refused at that field alone.
async fn refused_at(app: &App, field: &str, value: &str) {
    let body = format!(r#"{{"Pclass": 3, "Sex": "male", "{field}": {value}}}"#);
    let body = match field {
        "Pclass" => format!(r#"{{"Sex": "male", "Pclass": {value}}}"#),
        "Sex" => format!(r#"{{"Pclass": 3, "Sex": {value}}}"#),
        _ => body,
    };
    let problem = app.predict(body.clone()).await.problem(422);
    assert_eq!(pointers(&problem), [format!("/{field}")], "{body}");
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_refused_at_its_field() {
    let app = App::new();
    for field in ["PassengerId", "Pclass", "Age", "SibSp", "Parch", "Fare"] {
        for value in [r#""3""#, r#""""#, "true", "[3]", "{}"] {
            refused_at(&app, field, value).await;
        }
    }
    for field in ["Name", "Sex", "Ticket", "Cabin", "Embarked"] {
        for value in ["3", "1.5", "false", r#"["S"]"#, r#"{"a": 1}"#] {
            refused_at(&app, field, value).await;
        }
    }
    for field in ["Pclass", "Sex"] {
        refused_at(&app, field, "null").await;
    }
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn a_value_out_of_range_is_refused_at_its_field() {
    let app = App::new();
    let long = format!("\"{}\"", "x".repeat(257));
    for (field, value) in [
        ("PassengerId", "-1"),
        ("PassengerId", "1.5"),
        ("PassengerId", "9007199254740992"),
        ("PassengerId", "18446744073709551616"),
        ("Pclass", "0"),
        ("Pclass", "4"),
        ("Pclass", "2.5"),
        ("Pclass", "-1"),
        ("Sex", r#""other""#),
        ("Sex", r#""""#),
        ("Sex", r#""ma le""#),
        ("Age", "-0.1"),
        ("Age", "120.00000000000002"),
        ("Age", "1e300"),
        ("SibSp", "-1"),
        ("SibSp", "21"),
        ("SibSp", "0.5"),
        ("Parch", "256"),
        ("Fare", "-1"),
        ("Fare", "10000.01"),
        ("Embarked", r#""X""#),
        ("Embarked", r#""""#),
        ("Embarked", r#""Southampton""#),
        ("Name", &long),
        ("Ticket", &long),
        ("Cabin", &long),
    ] {
        refused_at(&app, field, value).await;
    }
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn a_number_too_large_for_any_computer_is_the_clients_fault() {
    let app = App::new();
    let answer = app.predict(r#"{"Pclass": 3, "Sex": "male", "Fare": 1e999}"#).await;
    assert!([400, 422].contains(&answer.status.as_u16()), "{answer:?}");
    answer.problem(answer.status.as_u16());
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn a_message_says_what_was_expected_and_what_was_found() {
    let problem = refused(r#"{"Pclass": 4, "Sex": "male", "Age": "22"}"#, 422).await;
    insta::assert_json_snapshot!(problem, @r#"
    {
      "detail": "nothing was stored: 2 faults",
      "errors": [
        {
          "detail": "must be 1, 2 or 3, found 4",
          "pointer": "/Pclass"
        },
        {
          "detail": "must be a number from 0 to 120 or null, found the text \"22\"",
          "pointer": "/Age"
        }
      ],
      "status": 422,
      "title": "Invalid record",
      "type": "urn:lifeboat:problem:invalid-record"
    }
    "#);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    assert_eq!(pointers(&refused("{}", 422).await), ["/Pclass", "/Sex"]);
    assert_eq!(pointers(&refused(r#"[{"Sex": "male"}, {"Pclass": 3}]"#, 422).await), ["/0/Pclass", "/1/Sex"]);
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_name() {
    let problem = refused(r#"{"Pclass": 3, "Sex": "male", "Agee": 22}"#, 422).await;
    assert_eq!(pointers(&problem), ["/Agee"]);
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("Age"), "{detail}");
}

#[tokio::test]
async fn a_pointer_is_escaped() {
    let problem = refused(r#"[{"Pclass": 3, "Sex": "male", "a/b~c": 1, "\"\\\n": 3}]"#, 422).await;
    assert_eq!(pointers(&problem), ["/0/a~1b~0c", "/0/\"\\\n"]);
}

#[tokio::test]
async fn a_field_without_a_name_is_not_taken_for_the_whole_record() {
    let problem = refused(r#"[{"Pclass": 3, "Sex": "male", "": 1}]"#, 422).await;
    assert_eq!(pointers(&problem), ["/0/"]);
}

#[tokio::test]
async fn a_pointer_has_the_name_as_it_was_sent() {
    let problem = refused(r#"{"pclass": 3, "sex": "male", "sib_sp": -1, "passenger_id": "7", "Parch": 99}"#, 422).await;
    assert_eq!(pointers(&problem), ["/sib_sp", "/passenger_id", "/Parch"]);
}

#[tokio::test]
async fn a_field_given_twice_is_refused() {
    for body in
        [r#"{"Pclass": 3, "Sex": "male", "Age": 1, "Age": 2}"#, r#"{"Pclass": 3, "Sex": "male", "Age": 1, "Age": 1}"#]
    {
        assert_eq!(pointers(&refused(body, 422).await), ["/Age"]);
    }
    assert_eq!(pointers(&refused(r#"{"Pclass": 3, "pclass": 3, "Sex": "male"}"#, 422).await), ["/pclass"]);
}

#[tokio::test]
async fn every_fault_of_every_record_is_named() {
    let body = json!([
        {"Pclass": 0, "Sex": "x", "Age": -1, "SibSp": 21, "Parch": 1.5, "Fare": "free", "Embarked": "Z", "Cabin": 5},
        numbered(1),
        {"PassengerId": -1, "Name": [], "Ticket": {}, "What": 1},
        null,
        [[]],
        7,
        "Kelly, Mr. James",
        true,
    ]);
    let problem = refused(body.to_string(), 422).await;
    let mut found = pointers(&problem);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "/0/Age",
            "/0/Cabin",
            "/0/Embarked",
            "/0/Fare",
            "/0/Parch",
            "/0/Pclass",
            "/0/Sex",
            "/0/SibSp",
            "/2/Name",
            "/2/PassengerId",
            "/2/Pclass",
            "/2/Sex",
            "/2/Ticket",
            "/2/What",
            "/3",
            "/4",
            "/5",
            "/6",
            "/7",
        ]
    );
    assert_eq!(problem["detail"], "nothing was stored: 19 faults");
}

#[tokio::test]
async fn one_bad_record_among_a_thousand_stores_none() {
    let app = App::new();
    let mut passengers: Vec<_> = (0..1000).map(numbered).collect();
    passengers[617]["Age"] = json!(617);
    let problem = app.predict_value(&json!(passengers)).await.problem(422);
    assert_eq!(pointers(&problem), ["/617/Age"]);
    assert_eq!(app.stored(), 0);

    passengers[617]["Age"] = json!(61.7);
    assert_eq!(app.predict_value(&json!(passengers)).await.header("lifeboat-created"), "1000");
}

#[tokio::test]
async fn a_list_must_hold_one_to_a_thousand_passengers() {
    assert_eq!(pointers(&refused("[]", 422).await), [""]);
    let many: Value = (0..1001).map(numbered).collect();
    let problem = refused(many.to_string(), 422).await;
    assert_eq!(pointers(&problem), [""]);
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("1001"), "{problem}");
}

#[tokio::test]
async fn a_flood_of_faults_is_cut_but_counted() {
    let problem = refused(json!(vec![json!({"a": 1}); 1000]).to_string(), 422).await;
    assert_eq!(pointers(&problem).len(), 1000);
    assert!(problem["detail"].as_str().unwrap().contains("3000"), "{problem}");
}

#[tokio::test]
async fn a_long_name_is_not_echoed_at_length() {
    let name = "x".repeat(100_000);
    let problem = refused(format!(r#"{{"Pclass": 3, "Sex": "male", "{name}": 1, "Embarked": "{name}"}}"#), 422).await;
    assert!(problem.to_string().len() < 2000);
}

#[tokio::test]
async fn a_scalar_is_no_passenger() {
    for body in ["null", "true", "7", "-7", "7.5", r#""Kelly, Mr. James""#] {
        assert_eq!(pointers(&refused(body, 422).await), [""], "{body}");
    }
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    let app = App::new();
    for body in [
        &b""[..],
        b" \n\t ",
        b"{",
        b"[",
        br#"{"Pclass": 3, "Sex": "ma"#,
        br#"[{"Pclass": 3, "Sex": "male"}"#,
        br#"[{"Pclass": 3, "Sex": "male"},]"#,
        br#"{"Pclass": 3, "Sex": "male",}"#,
        br#"{"Pclass": 3, "Sex": "male"} {}"#,
        br#"{"Pclass": 3, "Sex": "male"}{"Pclass": 3, "Sex": "male"}"#,
        br#"{"Pclass": 3, "Sex": "male", "Age": NaN}"#,
        br#"{"Pclass": 3, "Sex": "male", "Age": Infinity}"#,
        br#"{"Pclass": 3, "Sex": "male", "Fare": -Infinity}"#,
        br#"{"Pclass": 03, "Sex": "male"}"#,
        br#"{"Pclass": +3, "Sex": "male"}"#,
        br#"{"Pclass": 3., "Sex": "male"}"#,
        b"{'Pclass': 3, 'Sex': 'male'}",
        br#"{Pclass: 3, Sex: "male"}"#,
        b"{\"Pclass\": 3, \"Sex\": \"male\", \"Name\": \"\xff\xfe\"}",
        b"{\"Pclass\": 3, \"Sex\": \"male\", \"Name\": \"a\nb\"}",
        br#"{"Pclass": 3, "Sex": "male", "Name": "\ud800"}"#,
        br#"{"Pclass": 3, "Sex": "male", "Name": "\x"}"#,
        b"\xef\xbb\xbf{\"Pclass\": 3, \"Sex\": \"male\"}",
        b"\x00\x01\x02\x03",
        b"PassengerId,Pclass,Sex\n1,3,male\n",
    ] {
        let answer = app.predict(body).await;
        let problem = answer.problem(400);
        assert_eq!(problem["type"], "urn:lifeboat:problem:malformed", "{}", String::from_utf8_lossy(body));
        assert!(problem.get("errors").is_none());
    }
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn deep_nesting_is_refused_without_harm() {
    let app = App::new();
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    for body in [
        format!("{open}{close}"),
        open.clone(),
        format!(r#"{{"Pclass": 3, "Sex": "male", "Age": {open}{close}}}"#),
        format!(r#"{{"Pclass": 3, "Sex": "male", "Agee": {open}{close}}}"#),
        format!(r#"{{"Pclass": 3, "Sex": "male", "Name": {objects}}}"#),
        objects.clone(),
        format!("[{objects}]"),
        "[".repeat(1_000_000),
    ] {
        let answer = app.predict(body).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{answer:?}");
        answer.problem(answer.status.as_u16());
    }
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn a_body_beyond_a_mebibyte_is_too_large() {
    let problem = refused(vec![b' '; 2 << 20], 413).await;
    assert_eq!(problem["type"], "urn:lifeboat:problem:too-large");
    refused(vec![b' '; (1 << 20) + 1], 413).await;
    // One that is just small enough is read.
    refused(vec![b' '; 1 << 20], 400).await;
}

async fn predict_as(app: &App, content_type: Option<&str>) -> Answer {
    let mut request = Request::post("/predict");
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    app.send(request.body(numbered(1).to_string().into()).unwrap()).await
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let app = App::new();
    for content_type in ["text/plain", "application/xml", "application/jsonp", "json", "", "multipart/form-data"] {
        predict_as(&app, Some(content_type)).await.problem(415);
    }
    let problem = predict_as(&app, None).await.problem(415);
    assert!(problem["detail"].as_str().unwrap().contains("application/json"), "{problem}");
    assert_eq!(app.stored(), 0);
}

fn table(body: impl Into<Body>) -> Request<Body> {
    Request::post("/predict").header(header::CONTENT_TYPE, "text/csv").body(body.into()).unwrap()
}

#[tokio::test]
async fn a_table_of_a_spreadsheet_is_taken_as_it_is() {
    let app = App::new();
    let plain = app.send(table("Pclass,Sex,Age\n3,male,34.5\n")).await;
    assert_eq!(plain.status, 200);
    let utf16 = "\u{feff}Pclass,Sex,Age\n3,male,34.5\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [
        b"Pclass;Sex;Age\n3;male;34,5\n".to_vec(),
        b"Pclass\tSex\tAge\n3\tmale\t34.5\n".to_vec(),
        "\u{feff}Pclass,Sex,Age\r\n3,male,34.5\r\n".into(),
        utf16,
    ] {
        let answer = app.send(table(body.clone())).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &plain.body), "{}", String::from_utf8_lossy(&body));
    }
    assert_eq!(app.stored(), 1);
}

#[tokio::test]
async fn what_is_no_utf8_csv_or_json_says_what_to_send_instead() {
    for (body, expected) in [
        (&b"{\"Pclass\": 3, \"Age\": NaN}"[..], "JSON has no NaN: send null for a missing value"),
        (b"[{\"Pclass\": 3, \"Age\": -Infinity}]", "JSON has no Infinity: send null for a missing value"),
        (b"\xff\xfe{\0}\0", "it is UTF-16: save it as UTF-8"),
        (b"\xef\xbb\xbf{}", "it begins with a byte-order mark"),
        (b"\x1f\x8b\x08\0\0", "it is compressed by gzip: decompress it first"),
    ] {
        let problem = refused(body, 400).await;
        assert!(problem["detail"].as_str().unwrap().ends_with(expected) || expected.contains("mark"), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(expected), "{problem}");
    }
    for (body, expected) in [
        (&b"\x1f\x8b\x08\0\0"[..], "the table cannot be read: it is compressed by gzip: decompress it first"),
        (b"\x28\xb5\x2f\xfd\0", "the table cannot be read: it is compressed by zstd: decompress it first"),
        (b"PAR1\x15\0", "the table cannot be read: it is Parquet: convert it to CSV"),
    ] {
        let problem = App::new().send(table(body)).await.problem(422);
        let details: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|error| error["detail"].clone()).collect();
        assert_eq!(details, [expected], "{problem}");
    }
}
