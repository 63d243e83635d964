//! Several symbols of one item, judged together.

use crate::problem::{Class, Flaw, Note, Problem};
use crate::reading::{Element, Flaws, Reading, Slot};
use crate::rules::{self, Elements};
use crate::table::{RowId, Set, Table};

/// The symbols of one label, or of all sides of one item: what they say together, and what is still missing. The number of an
/// EAN, UPC or ITF symbol counts as AI 01.
///
/// ```
/// use gs1::{Label, read};
///
/// let mut scans = vec![read(b"]C102040063813339313712")];
/// let missing: Vec<_> = Label::new(&scans).missing().map(|problem| problem.what().to_string()).collect();
/// assert_eq!(missing, ["AI `37` needs AI `00` beside it"]);
///
/// scans.push(read(b"]C100340123451234567895"));
/// assert!(Label::new(&scans).is_complete());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Label<'r, 'a> {
    readings: &'r [Reading<'a>],
}

impl<'r, 'a> Label<'r, 'a> {
    /// Of readings in the order they came. All are judged by the table of the first one's reader.
    #[must_use]
    pub const fn new(readings: &'r [Reading<'a>]) -> Self {
        Self { readings }
    }

    /// The elements of all symbols, in the order they came.
    pub fn elements(&self) -> impl Iterator<Item = Element<'r>> + use<'r, 'a> {
        self.readings.iter().flat_map(Reading::elements)
    }

    /// What is wrong: the problems of each symbol, with its place among the readings, then what the symbols have to do with
    /// each other: contradictions and repeats with another value. Those name the symbol in which the one at fault is.
    pub fn problems(&self) -> impl Iterator<Item = (usize, Problem<'a>)> + use<'r, 'a> {
        let own = self.readings.iter().enumerate().flat_map(|(place, reading)| {
            // What two AIs of the label have to do with each other is found anew.
            let own = reading.problems().filter(|problem| !is_of_pairs(problem.class));
            own.map(move |problem| (place, problem))
        });
        own.chain(self.told(self.between()))
    }

    /// What still has to be scanned: AIs that miss their partner in all symbols.
    pub fn missing(&self) -> impl Iterator<Item = Problem<'a>> + use<'r, 'a> {
        self.missing_with_places().map(|(_, problem)| problem)
    }

    /// The same, each with the place of the symbol that the AI is in.
    pub(crate) fn missing_with_places(&self) -> impl Iterator<Item = (usize, Problem<'a>)> + use<'r, 'a> {
        let mut flaws = Flaws::new();
        if let Some(first) = self.readings.first() {
            let numbers = self.readings.iter().filter_map(Reading::id_of_number);
            rules::missing(&first.reader.table, &self.present(), self, numbers, &mut flaws);
        }
        self.told(flaws)
    }

    /// Whether nothing is wrong and nothing is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.problems().next().is_none() && self.missing().next().is_none()
    }

    fn between(&self) -> Flaws {
        let mut flaws = Flaws::new();
        let Some(first) = self.readings.first() else { return flaws };
        let (table, present) = (&first.reader.table, self.present());
        let (mut with_numbers, mut with_all_numbers) = (present, present);
        for reading in self.readings {
            let Some(id) = reading.id_of_number() else { continue };
            with_all_numbers.insert(id);
            // A composite does not contradict the number beside it: that is how both were made.
            if reading.slots.is_empty() {
                with_numbers.insert(id);
            }
        }
        rules::contradictions(table, &with_numbers, self, &mut flaws);
        for id in with_all_numbers {
            if let Some((_, slot)) = self.another_value(id) {
                flaws.push(Flaw {
                    class: Class::Repeat,
                    ai: table.ai(id),
                    span: slot.span,
                    value: slot.span,
                    note: Note::Nothing,
                });
            }
        }
        let length = |id| self.slots(id).next().map(|(_, reading, slot)| reading.value(slot).len());
        rules::unsigned(table, &present, self, length, &mut flaws);
        flaws
    }

    /// An element of an AI whose value is not the first one's, and the place of its symbol.
    fn another_value(&self, id: RowId) -> Option<(usize, Slot)> {
        let is_key = self.readings.iter().any(|reading| reading.id_of_number() == Some(id));
        let mut values = self.slots(id).map(|(place, reading, slot)| (reading.value(slot), place, slot));
        let (first, ..) = values.next()?;
        // The number of a symbol comes without zeros in front.
        let differs = |value: &[u8]| {
            if is_key { without_zeros(value) != without_zeros(first) } else { value != first }
        };
        values.find(|(value, ..)| differs(value)).map(|(_, place, slot)| (place, slot))
    }

    /// The elements of an AI. A symbol that is a number stands for one of AI 01 or 00, unless its composite has one.
    fn slots(&self, id: RowId) -> impl Iterator<Item = (usize, &'r Reading<'a>, Slot)> + use<'r, 'a> {
        self.readings.iter().enumerate().flat_map(move |(place, reading)| {
            let slots = reading.slots.iter().filter(move |slot| slot.row == id);
            let number = reading.id_of_number() == Some(id) && slots.clone().next().is_none();
            let number = number.then_some(Slot { row: id, sound: true, span: reading.primary });
            slots.copied().chain(number).map(move |slot| (place, reading, slot))
        })
    }

    fn present(&self) -> Set {
        let mut present = Set::EMPTY;
        for slot in self.readings.iter().flat_map(|reading| reading.slots.iter()) {
            present.insert(slot.row);
        }
        present
    }

    fn told(&self, flaws: Flaws) -> impl Iterator<Item = (usize, Problem<'a>)> + use<'r, 'a> {
        let label = *self;
        flaws.into_items().filter_map(move |flaw| {
            let table = &label.readings.first()?.reader.table;
            Some((label.place_of(&flaw, table).unwrap_or_default(), flaw.told(table)))
        })
    }

    /// The symbol in which the element at fault is: the second one of a repeat, else the first of its AI.
    fn place_of(&self, flaw: &Flaw, table: &Table<'_>) -> Option<usize> {
        let id = table.named(flaw.ai.as_str())?;
        if flaw.class == Class::Repeat {
            return self.another_value(id).map(|(place, _)| place);
        }
        self.slots(id).next().map(|(place, ..)| place)
    }
}

impl Elements for Label<'_, '_> {
    fn first(&self, id: RowId) -> Option<Slot> {
        self.slots(id).next().map(|(.., slot)| slot)
    }
}

impl Elements for &Label<'_, '_> {
    fn first(&self, id: RowId) -> Option<Slot> {
        (**self).first(id)
    }
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

const fn is_of_pairs(class: Class) -> bool {
    matches!(class, Class::Mutex | Class::Repeat | Class::Requisite | Class::DigsigSerial)
}
