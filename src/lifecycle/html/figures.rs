//! Figures as people read them.

use crate::lifecycle::performance::Performance;

pub(super) fn accuracy(performance: &Performance) -> Option<f64> {
    match performance {
        Performance::Binary(binary) => Some(binary.accuracy),
        Performance::Multiclass(classes) => Some(classes.accuracy),
        Performance::Regression(_) => None,
    }
}

pub(super) fn log_loss(performance: &Performance) -> Option<f64> {
    match performance {
        Performance::Binary(binary) => Some(binary.log_loss),
        Performance::Multiclass(classes) => Some(classes.log_loss),
        Performance::Regression(_) => None,
    }
}

/// Returns what else there is to tell, by name.
pub(super) fn figures(performance: &Performance) -> Vec<(&'static str, String)> {
    match performance {
        Performance::Binary(binary) => vec![
            ("AUC", number(binary.auc) + &plus_or_minus(binary.auc_error)),
            ("Brier score", number(Some(binary.brier))),
            ("calibration slope", number(binary.recalibration.as_ref().map(|line| line.slope))),
            ("calibration intercept", number(binary.recalibration.as_ref().map(|line| line.intercept))),
            ("outcomes", binary.rows.to_string()),
        ],
        Performance::Multiclass(classes) => vec![
            ("AUC, macro", number(classes.auc) + &plus_or_minus(classes.auc_error)),
            ("F1, macro", number(Some(classes.f1))),
            ("Brier score", number(Some(classes.brier))),
            ("outcomes", classes.rows.to_string()),
        ],
        Performance::Regression(numbers) => vec![
            ("RMSE", number(Some(numbers.rmse))),
            ("MAE", number(Some(numbers.mae))),
            ("R²", number(numbers.r2)),
            ("mean error", number(Some(numbers.mean_error))),
            ("outcomes", numbers.rows.to_string()),
        ],
    }
}

/// Returns the error of a number to a millionth, rounded up, to stand behind the number; nothing where there is none.
pub fn plus_or_minus(error: f64) -> String {
    if error > 0.0 { format!(" ± {:.6}", (error * 1e6).ceil() / 1e6) } else { String::new() }
}

pub(super) fn number(number: Option<f64>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| format!("{number:.4}"))
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
