//! The templates that every store has: one for each kind of label. A store may put its own under the same name.

use super::template::{Kind, Name, Template};

/// The built-in template of a kind, as text.
const fn text(kind: Kind) -> &'static str {
    match kind {
        Kind::ShelfLabel => include_str!("builtin/shelf_label.json"),
        Kind::ProductTicket => include_str!("builtin/product_ticket.json"),
        Kind::Case => include_str!("builtin/case.json"),
        Kind::Location => include_str!("builtin/location.json"),
        Kind::TransferBox => include_str!("builtin/transfer_box.json"),
        Kind::CountSheet => include_str!("builtin/count_sheet.json"),
        Kind::EmployeeBadge => include_str!("builtin/employee_badge.json"),
        Kind::CommandSheet => include_str!("builtin/command_sheet.json"),
    }
}

/// The built-in template of a kind.
pub(crate) fn of(kind: Kind) -> Option<Template> {
    // INVARIANT: the tests below read and check every one.
    serde_json::from_str(text(kind)).ok()
}

/// The built-in template of a name, which is that of its kind.
pub(crate) fn named(name: &Name) -> Option<Template> {
    Kind::ALL.into_iter().find(|kind| kind.word() == name.as_str()).and_then(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_that_is_sound() {
        for kind in Kind::ALL {
            let template: Template = serde_json::from_str(text(kind)).unwrap();
            template.check().unwrap();
            assert_eq!((template.kind, template.name.as_str()), (kind, kind.word()));
            assert_eq!(named(&template.name), of(kind));
        }
    }
}
