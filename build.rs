//! Links the Lambda function at a fixed address: moving its hundred thousand pointers would take a third of its cold start.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|environment| environment == "gnu") {
        println!("cargo::rustc-link-arg-bin=api=-no-pie");
    }
}
