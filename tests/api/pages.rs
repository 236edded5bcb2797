//! The pages: there for everybody, small, and allowed to do nothing but ask this service.

use crate::app::App;

const PATHS: [&str; 7] =
    ["/", "/docs", "/assets/client.js", "/assets/docs.js", "/assets/icon.svg", "/assets/index.js", "/assets/style.css"];

#[tokio::test]
async fn pages_are_shown_without_a_key_and_name_no_other_host() {
    let app = App::with_keys("0123456789abcdef");
    let mut bytes = 0;
    for path in PATHS {
        let answer = app.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-security-policy").contains("script-src 'self'"), "{path}");
        assert!(!answer.header("etag").is_empty(), "{path}");
        let text = String::from_utf8(answer.body.to_vec()).unwrap().replace("http://www.w3.org/2000/svg", "");
        for other in ["http:", "https:", "//cdn", "innerHTML", " style=\"", "javascript:"] {
            assert!(!text.contains(other), "{other} in {path}");
        }
        bytes += text.len();
    }
    assert!(bytes < 45_000, "{bytes}");
    app.get("/assets/../Cargo.toml").await.problem(404);
    app.get("/assets/other.js").await.problem(404);
}

#[tokio::test]
async fn what_a_page_asks_for_is_there() {
    let app = App::new();
    for page in ["/", "/docs"] {
        let html = String::from_utf8(app.get(page).await.body.to_vec()).unwrap();
        let links = ["href=\"./", "src=\"./"].into_iter().flat_map(|attribute| html.split(attribute).skip(1));
        let mut count = 0;
        for link in links {
            let path = format!("/{}", link.split('"').next().unwrap());
            assert_eq!(app.get(&path).await.status, 200, "{path} on {page}");
            count += 1;
        }
        assert!(count >= 5, "{count}");
    }
}
