//! Earlier passengers, looked up by ticket and family: this system's feature store.
//!
//! How the party of a passenger fared, and those who bought their tickets about the same time, says more about its own fate than any change of model does. [`History`] is fitted
//! with the model, versioned with it and held in memory. A passenger that may stand in it itself never sees its own label,
//! neither directly nor through the averages: that one rule makes the training features leave-one-out and keeps serving free
//! of label leaks. An earlier passenger may be the one that is asked about if name and ticket are given and equal, or if no
//! field that both have differs: whoever leaves fields out is not told its own fate by those that remain.

use std::hash::BuildHasher;
use std::ops::Range;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::passenger::{Class, MAX_RELATIVES, Passenger, Port, Sex, family_size};

/// How much more a group's average is trusted than the overall one: as if this many passengers stood for the latter.
const PRIOR_WEIGHT: f64 = 4.0;

/// Two families of the same surname, class and port are one party if their sizes differ by no more than this.
const FAMILY_SIZE_TOLERANCE: u8 = 3;

/// Tickets of one class whose numbers differ by no more than this were sold together, or nearly so.
const NEIGHBOURHOOD: u64 = 10;

/// Smaller ticket numbers are no running numbers.
const LEAST_TICKET_NUMBER: u64 = 100;

/// What a passenger was expected to be like when the boats were filled: women and children first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Any female passenger.
    Woman,
    /// A male passenger under [`crate::features::CHILD_AGE`].
    Boy,
    /// Any other male passenger.
    Man,
}

impl Kind {
    /// Returns the kind of a passenger of this sex and (known or imputed) age in years.
    pub fn new(sex: Sex, age: f64) -> Self {
        match sex {
            Sex::Female => Self::Woman,
            Sex::Male if age < crate::features::CHILD_AGE => Self::Boy,
            Sex::Male => Self::Man,
        }
    }
}

/// One earlier passenger, as the fitted state keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row(
    /// Name.
    Option<Box<str>>,
    /// Ticket.
    Option<Box<str>>,
    /// Class.
    u8,
    /// Kind; it tells the sex.
    Kind,
    /// Age in years, where it is known.
    Option<f64>,
    /// Siblings and spouses.
    Option<u8>,
    /// Parents and children.
    Option<u8>,
    /// Fare in pounds.
    Option<f64>,
    /// Cabin.
    Option<Box<str>>,
    /// Port.
    Option<char>,
    /// Survived.
    u8,
);

/// How those around a passenger fared, beyond what their class and kind would predict.
///
/// Each value is the sum of (survived − expected) over some earlier passengers, divided by their number plus one; 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outcomes {
    /// Over the women and children of the passenger's party: those on the same ticket and of the same family.
    pub party_women_and_children: f64,
    /// Over the men of the party.
    pub party_men: f64,
    /// Over all of the party.
    pub party: f64,
    /// Over those whose tickets were sold about the same time: of the same class, with a number nearby.
    pub neighbours: f64,
}

/// The earlier passengers, indexed for look-up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<Row>", into = "Vec<Row>")]
pub struct History {
    members: Vec<Member>,
    by_ticket: Index,
    by_surname: Index,
    without_ticket: Vec<u32>,
    without_surname: Vec<u32>,
    /// Class, ticket number and member, in order.
    by_ticket_number: Vec<(u8, u64, u32)>,
    averages: Averages,
}

#[derive(Debug, Clone)]
struct Member {
    name: Option<Box<str>>,
    ticket: Option<Box<str>>,
    class: Class,
    kind: Kind,
    age: Option<f64>,
    sib_sp: Option<u8>,
    parch: Option<u8>,
    fare: Option<f64>,
    cabin: Option<Box<str>>,
    port: Option<Port>,
    survived: bool,
}

impl History {
    /// Builds the history from labelled passengers, each with its kind.
    pub fn fit<'a>(passengers: impl IntoIterator<Item = (&'a Passenger, Kind, bool)>) -> Self {
        passengers.into_iter().map(|(passenger, kind, survived)| Member::new(passenger, kind, survived)).collect()
    }

    /// Returns how many earlier passengers there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Tells whether there is no earlier passenger at all.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns whether the passenger may be one of the earlier ones: by name and ticket, or since nothing that is given differs. One with
    /// neither name nor ticket cannot be recognised.
    pub fn is_known(&self, passenger: &Passenger) -> bool {
        !self.own(passenger).is_empty()
    }

    /// Returns how those around this passenger fared, left out those who may be the passenger itself.
    pub fn outcomes(&self, passenger: &Passenger) -> Outcomes {
        let party = self.party(passenger);
        let neighbours = self.neighbours(passenger);
        if party.is_empty() && neighbours.is_empty() {
            return Outcomes::default();
        }
        let own = self.own(passenger);
        let averages = self.averages.without(own.iter().map(|&index| &self.members[index as usize]));
        let (mut women_and_children, mut men, mut nearby) =
            (Residual::default(), Residual::default(), Residual::default());
        for &index in party.iter().filter(|index| !own.contains(index)) {
            let member = &self.members[index as usize];
            match member.kind {
                Kind::Man => men.add(averages.residual(member)),
                Kind::Woman | Kind::Boy => women_and_children.add(averages.residual(member)),
            }
        }
        for (_, _, index) in neighbours.iter().filter(|(_, _, index)| !own.contains(index)) {
            nearby.add(averages.residual(&self.members[*index as usize]));
        }
        Outcomes {
            party_women_and_children: women_and_children.shrunk(),
            party_men: men.shrunk(),
            party: women_and_children.and(men).shrunk(),
            neighbours: nearby.shrunk(),
        }
    }

    /// Returns those of the passenger's class whose ticket numbers are near its own.
    fn neighbours(&self, passenger: &Passenger) -> &[(u8, u64, u32)] {
        let class = passenger.class.number();
        let Some(number) = passenger.ticket.as_deref().and_then(ticket_number) else { return &[] };
        let first = (class, number.saturating_sub(NEIGHBOURHOOD));
        let last = (class, number.saturating_add(NEIGHBOURHOOD));
        let start = self.by_ticket_number.partition_point(|&(class, number, _)| (class, number) < first);
        let rest = &self.by_ticket_number[start..];
        &rest[..rest.partition_point(|&(class, number, _)| (class, number) <= last)]
    }

    /// Returns those who may be the passenger itself, in order.
    ///
    /// Only those need be looked at whose ticket, or else surname, is that of the passenger or is not known: a passenger with neither
    /// has no party and no neighbours.
    fn own(&self, passenger: &Passenger) -> Vec<u32> {
        let ticket = passenger.ticket.as_deref().map(|ticket| (&self.by_ticket, ticket, &self.without_ticket));
        let surname = || Some((&self.by_surname, surname(passenger.name.as_deref()?)?, &self.without_surname));
        let Some((index, key, without)) = ticket.or_else(surname) else { return vec![] };
        let candidates = index.look_up(&self.members, key).iter().chain(without);
        candidates.copied().filter(|&index| self.members[index as usize].may_be(passenger)).collect()
    }

    /// Returns the members of a passenger's party, in order, the passenger itself among them if it is a member.
    fn party(&self, passenger: &Passenger) -> Vec<u32> {
        let same_ticket = passenger.ticket.as_deref().map(|ticket| self.by_ticket.look_up(&self.members, ticket));
        let mut party = same_ticket.unwrap_or_default().to_vec();
        if passenger.family_size() > 1 {
            let surname = passenger.name.as_deref().and_then(surname);
            let namesakes = surname.map(|surname| self.by_surname.look_up(&self.members, surname));
            let family = namesakes.unwrap_or_default().iter();
            party.extend(family.filter(|&&index| self.members[index as usize].may_be_family_of(passenger)));
            party.sort_unstable();
            party.dedup();
        }
        party
    }
}

/// Finds members by a key of theirs, of which it holds no copy.
#[derive(Debug, Clone)]
struct Index {
    key_of: fn(&Member) -> Option<&str>,
    /// The members that have a key; those of one key stand together, in order.
    members: Vec<u32>,
    /// Where in `members` those of a key stand, by the key's hash.
    places: HashTable<Range<usize>>,
}

impl Index {
    fn new(members: &[Member], key_of: fn(&Member) -> Option<&str>) -> Self {
        let keyed = members.iter().zip(0..).filter_map(|(member, index)| Some((key_of(member)?, index)));
        // By hash first: it is quicker to compare than a text, and this is done at each start.
        let mut keyed: Vec<(u64, &str, u32)> = keyed.map(|(key, index)| (hash(key), key, index)).collect();
        keyed.sort_unstable();
        let mut places = HashTable::with_capacity(keyed.len());
        let mut start = 0;
        for group in keyed.chunk_by(|(_, one, _), (_, other, _)| one == other) {
            let place = start..start + group.len();
            places.insert_unique(group[0].0, place, |place| keyed[place.start].0);
            start += group.len();
        }
        Self { key_of, members: keyed.into_iter().map(|(_, _, index)| index).collect(), places }
    }

    fn look_up(&self, members: &[Member], key: &str) -> &[u32] {
        let key_at = |place: &Range<usize>| (self.key_of)(&members[self.members[place.start] as usize]);
        let place = self.places.find(hash(key), |place| key_at(place) == Some(key));
        place.map_or(&[], |place| &self.members[place.clone()])
    }
}

/// Hashes a key quickly: the keys that are stored are no client's, so none can make them collide.
fn hash(key: &str) -> u64 {
    FxBuildHasher.hash_one(key)
}

impl FromIterator<Member> for History {
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Self {
        let members: Vec<Member> = members.into_iter().collect();
        let (by_ticket, by_surname) = (Index::new(&members, Member::ticket), Index::new(&members, Member::surname));
        let (mut without_ticket, mut without_surname, mut by_ticket_number) = (Vec::new(), Vec::new(), Vec::new());
        let mut averages = Averages::default();
        for (index, member) in (0..).zip(&members) {
            without_ticket.extend(member.ticket().is_none().then_some(index));
            without_surname.extend(member.surname().is_none().then_some(index));
            let number = member.ticket().and_then(ticket_number);
            by_ticket_number.extend(number.map(|number| (member.class.number(), number, index)));
            averages.count(member, 1.0);
        }
        by_ticket_number.sort_unstable();
        Self { members, by_ticket, by_surname, without_ticket, without_surname, by_ticket_number, averages }
    }
}

impl Member {
    fn new(passenger: &Passenger, kind: Kind, survived: bool) -> Self {
        Self {
            name: passenger.name.as_deref().map(Into::into),
            ticket: passenger.ticket.as_deref().map(Into::into),
            class: passenger.class,
            kind,
            age: passenger.age,
            sib_sp: passenger.sib_sp,
            parch: passenger.parch,
            fare: passenger.fare,
            cabin: passenger.cabin.as_deref().map(Into::into),
            port: passenger.embarked,
            survived,
        }
    }

    fn sex(&self) -> Sex {
        match self.kind {
            Kind::Woman => Sex::Female,
            Kind::Boy | Kind::Man => Sex::Male,
        }
    }

    fn family_size(&self) -> u8 {
        family_size(self.sib_sp, self.parch)
    }

    fn ticket(&self) -> Option<&str> {
        self.ticket.as_deref()
    }

    fn surname(&self) -> Option<&str> {
        self.name.as_deref().and_then(surname)
    }

    fn may_be_family_of(&self, passenger: &Passenger) -> bool {
        self.family_size() > 1
            && self.class == passenger.class
            && self.port == passenger.embarked
            && self.family_size().abs_diff(passenger.family_size()) <= FAMILY_SIZE_TOLERANCE
    }

    /// Tells whether this may be the passenger: by name and ticket, or since nothing that is known of both differs.
    fn may_be(&self, passenger: &Passenger) -> bool {
        let (name, ticket) = (passenger.name.as_deref(), passenger.ticket.as_deref());
        is_equal(self.name.as_deref(), name) && is_equal(self.ticket.as_deref(), ticket)
            || self.differs_nowhere_from(passenger)
    }

    fn differs_nowhere_from(&self, passenger: &Passenger) -> bool {
        self.class == passenger.class
            && self.sex() == passenger.sex
            && !differ(self.name.as_deref(), passenger.name.as_deref())
            && !differ(self.age, passenger.age)
            && !differ(self.sib_sp, passenger.sib_sp)
            && !differ(self.parch, passenger.parch)
            && !differ(self.ticket.as_deref(), passenger.ticket.as_deref())
            && !differ(self.fare, passenger.fare)
            && !differ(self.cabin.as_deref(), passenger.cabin.as_deref())
            && !differ(self.port, passenger.embarked)
    }
}

/// Tells whether both values are known and equal.
fn is_equal<T: PartialEq + Copy>(one: Option<T>, other: Option<T>) -> bool {
    one.is_some() && one == other
}

/// Tells whether both values are known and not equal.
fn differ<T: PartialEq + Copy>(one: Option<T>, other: Option<T>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// Returns what stands before the comma of a name.
fn surname(name: &str) -> Option<&str> {
    name.split_once(',').map(|(surname, _)| surname.trim()).filter(|surname| !surname.is_empty())
}

/// Returns the running number at the end of a ticket: 21171 of `A/5 21171`.
fn ticket_number(ticket: &str) -> Option<u64> {
    let digits = ticket.bytes().rev().take_while(u8::is_ascii_digit).count();
    ticket[ticket.len() - digits..].parse().ok().filter(|&number| number > LEAST_TICKET_NUMBER)
}

#[derive(Debug, Clone, Copy, Default)]
struct Residual {
    sum: f64,
    count: f64,
}

impl Residual {
    fn add(&mut self, residual: f64) {
        self.sum += residual;
        self.count += 1.0;
    }

    fn and(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, count: self.count + other.count }
    }

    fn shrunk(self) -> f64 {
        self.sum / (self.count + 1.0)
    }
}

/// How many there were of each class and kind, and how many of them survived.
#[derive(Debug, Clone, Default)]
struct Averages {
    cells: [Tally; 9],
    all: Tally,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    survived: f64,
    count: f64,
}

impl Tally {
    fn mean(self) -> f64 {
        if self.count > 0.0 { self.survived / self.count } else { 0.5 }
    }
}

impl Averages {
    fn count(&mut self, member: &Member, weight: f64) {
        let survived = if member.survived { weight } else { 0.0 };
        for tally in [&mut self.cells[cell(member.class, member.kind)], &mut self.all] {
            tally.survived += survived;
            tally.count += weight;
        }
    }

    /// Returns the averages as they would be had these members never been aboard.
    fn without<'a>(&self, members: impl Iterator<Item = &'a Member>) -> Self {
        let mut rest = self.clone();
        for member in members {
            rest.count(member, -1.0);
        }
        rest
    }

    /// Returns how much better a member fared than expected, −1 to 1.
    fn residual(&self, member: &Member) -> f64 {
        f64::from(u8::from(member.survived)) - self.expected(member.class, member.kind)
    }

    /// Returns the share that survived in this class and kind, drawn towards the overall share.
    fn expected(&self, class: Class, kind: Kind) -> f64 {
        let tally = self.cells[cell(class, kind)];
        (tally.survived + PRIOR_WEIGHT * self.all.mean()) / (tally.count + PRIOR_WEIGHT)
    }
}

fn cell(class: Class, kind: Kind) -> usize {
    3 * (usize::from(class.number()) - 1) + kind as usize
}

/// A stored history that no passengers can have left behind.
#[derive(Debug, Error)]
#[error("earlier passenger {index}: {what}")]
pub struct HistoryError {
    index: usize,
    what: &'static str,
}

impl TryFrom<Vec<Row>> for History {
    type Error = HistoryError;

    fn try_from(rows: Vec<Row>) -> Result<Self, HistoryError> {
        rows.into_iter().enumerate().map(|(index, row)| Member::try_from((index, row))).collect()
    }
}

impl TryFrom<(usize, Row)> for Member {
    type Error = HistoryError;

    fn try_from((index, row): (usize, Row)) -> Result<Self, HistoryError> {
        let Row(name, ticket, class, kind, age, sib_sp, parch, fare, cabin, port, survived) = row;
        let fault = |what| HistoryError { index, what };
        let port = port.map(|port| Port::from_text(port.encode_utf8(&mut [0; 4])).ok_or(fault("no such port")));
        Ok(Self {
            name,
            ticket,
            class: Class::from_number(class.into()).ok_or(fault("no such class"))?,
            kind,
            age,
            sib_sp: count(sib_sp).map_err(fault)?,
            parch: count(parch).map_err(fault)?,
            fare,
            cabin,
            port: port.transpose()?,
            survived: match survived {
                0 => false,
                1 => true,
                _ => return Err(fault("survived must be 0 or 1")),
            },
        })
    }
}

/// Returns a number of relatives, if it may be one: a larger one would not add up to a family.
fn count(relatives: Option<u8>) -> Result<Option<u8>, &'static str> {
    if relatives.is_none_or(|count| count <= MAX_RELATIVES) { Ok(relatives) } else { Err("too many relatives") }
}

impl From<History> for Vec<Row> {
    fn from(history: History) -> Self {
        let row = |member: Member| {
            Row(
                member.name,
                member.ticket,
                member.class.number(),
                member.kind,
                member.age,
                member.sib_sp,
                member.parch,
                member.fare,
                member.cabin,
                member.port.and_then(|port| port.as_str().chars().next()),
                member.survived.into(),
            )
        };
        history.members.into_iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passenger(name: &str, ticket: &str, sib_sp: u8) -> Passenger {
        Passenger {
            passenger_id: None,
            class: Class::Third,
            name: Some(name.to_owned()),
            sex: Sex::Female,
            age: Some(30.0),
            sib_sp: Some(sib_sp),
            parch: Some(0),
            ticket: Some(ticket.to_owned()),
            fare: None,
            cabin: None,
            embarked: Some(Port::Southampton),
        }
    }

    fn history(rows: &[(&Passenger, bool)]) -> History {
        History::fit(rows.iter().map(|&(passenger, survived)| (passenger, Kind::Woman, survived)))
    }

    #[test]
    fn a_stranger_has_no_party() {
        let known = passenger("Sage, Miss. Stella", "CA. 2343", 8);
        let outcome = history(&[(&known, false)]).outcomes(&passenger("Rice, Mrs. Ann", "382652", 5));
        assert_eq!(outcome, Outcomes::default());
    }

    #[test]
    fn ticket_and_family_make_a_party() {
        let sister = passenger("Sage, Miss. Stella", "CA. 2343", 8);
        let maid = passenger("Doe, Miss. Jane", "CA. 2343", 0);
        let cousin = passenger("Sage, Miss. Ada", "1", 7);
        let namesake = passenger("Sage, Miss. Mary", "2", 1);
        let history = history(&[(&sister, true), (&maid, true), (&cousin, true), (&namesake, true)]);
        let dorothy = passenger("Sage, Miss. Dorothy", "CA. 2343", 8);
        assert_eq!((history.party(&dorothy), history.own(&dorothy)), (vec![0, 1, 2], vec![]));
    }

    #[test]
    fn residuals_follow_the_formula() {
        let (lost, saved) = (passenger("A, Miss. B", "1", 0), passenger("C, Miss. D", "2", 0));
        let outcome = history(&[(&lost, false), (&saved, true)]).outcomes(&passenger("E, Miss. F", "2", 0));
        // Two women, one saved: the mean is 0.5, and so is (1 + 4 · 0.5) / (2 + 4).
        assert!((outcome.party_women_and_children - (1.0 - 0.5) / 2.0).abs() < 1e-12);
        assert!((outcome.party - outcome.party_women_and_children).abs() < 1e-12);
        assert!(outcome.party_men.abs() < 1e-12);
    }

    #[test]
    fn neighbours_have_nearby_tickets_of_the_same_class() {
        let saved = passenger("A, Miss. B", "A/5 21171", 0);
        let history = history(&[(&saved, true)]);
        let neighbours = |ticket: &str| history.outcomes(&passenger("C, Miss. D", ticket, 0)).neighbours;
        // One woman, saved: (1 + 4 · 1) / (1 + 4) were expected to be.
        assert!(neighbours("21181").abs() < 1e-12);
        assert_eq!(history.neighbours(&passenger("C, Miss. D", "PC 21161", 0)).len(), 1);
        assert_eq!(history.neighbours(&passenger("C, Miss. D", "21182", 0)).len(), 0);
        let first_class = Passenger { class: Class::First, ..passenger("C, Miss. D", "21171", 0) };
        assert_eq!(history.neighbours(&first_class).len(), 0);
    }

    #[test]
    fn ticket_numbers_are_what_tickets_end_in() {
        for (ticket, number) in [
            ("A/5 21171", Some(21_171)),
            ("LINE", None),
            ("7", None),
            ("99999999999999999999999", None),
            ("ticket é 3101", Some(3101)),
        ] {
            assert_eq!(ticket_number(ticket), number, "{ticket}");
        }
    }

    #[test]
    fn a_passenger_never_sees_its_own_label() {
        let (own, sister) = (passenger("Sage, Miss. Ada", "1", 2), passenger("Sage, Miss. Bea", "1", 2));
        let saved = history(&[(&own, true), (&sister, false)]).outcomes(&own);
        let lost = history(&[(&own, false), (&sister, false)]).outcomes(&own);
        assert_eq!(saved, lost);
        assert_eq!(saved, history(&[(&sister, false)]).outcomes(&own));
    }

    #[test]
    fn whoever_differs_in_nothing_that_both_have_may_be_the_passenger() {
        let known = passenger("Sage, Miss. Ada", "1", 2);
        let history = history(&[(&known, true)]);
        let is_own = |change: fn(&mut Passenger)| {
            let mut asked = known.clone();
            change(&mut asked);
            history.own(&asked) == [0]
        };
        assert!(is_own(|_| {}));
        assert!(is_own(|asked| asked.age = Some(31.0)), "name and ticket are enough");
        assert!(is_own(|asked| asked.name = None));
        assert!(is_own(|asked| (asked.ticket, asked.age) = (None, None)));
        assert!(is_own(|asked| (asked.name, asked.sib_sp, asked.cabin) = (None, None, Some("C1".to_owned()))));
        assert!(!is_own(|asked| (asked.name, asked.age) = (None, Some(31.0))));
        assert!(!is_own(|asked| (asked.name, asked.sex) = (None, Sex::Male)));
        assert!(!is_own(|asked| asked.name = Some("Sage, Miss. Bea".to_owned())));
    }

    #[test]
    fn an_earlier_passenger_is_known_by_name_and_ticket_or_by_all_that_is_given() {
        let known = passenger("Sage, Miss. Stella", "CA. 2343", 8);
        let history = history(&[(&known, true)]);
        assert!(history.is_known(&known));
        assert!(!history.is_known(&passenger("Sage, Miss. Stella", "1", 8)));
        assert!(!history.is_known(&passenger("Sage, Miss. Dorothy", "CA. 2343", 8)));
        assert!(history.is_known(&Passenger { ticket: None, ..known.clone() }));
        assert!(!history.is_known(&Passenger { ticket: None, age: Some(31.0), ..known }));
    }

    #[test]
    fn it_is_stored_and_read_back() {
        let known = passenger("Sage, Miss. Stella", "CA. 2343", 8);
        let text = serde_json::to_string(&history(&[(&known, true)])).unwrap();
        assert_eq!(text, r#"[["Sage, Miss. Stella","CA. 2343",3,"woman",30.0,8,0,null,null,"S",1]]"#);
        let read: History = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        for bad in [
            r#"[["A","1",4,"man",null,0,0,null,null,"S",1]]"#,
            r#"[["A","1",3,"man",null,0,0,null,null,"X",1]]"#,
            r#"[["A","1",3,"man",null,0,0,null,null,"S",2]]"#,
            r#"[["A","1",3,"man",null,21,0,null,null,"S",1]]"#,
        ] {
            assert!(serde_json::from_str::<History>(bad).is_err(), "{bad}");
        }
    }
}
