//! Tables without lines, for terminals and for tools that cut columns.

use comfy_table::Table;
use comfy_table::presets::NOTHING;

/// Returns an empty table.
pub(super) fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table
}

/// Returns the table as it is printed, its last line without an end.
pub(super) fn text(table: &mut Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}
