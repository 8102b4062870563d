/// Seconds since 1904-01-01 as an ISO 8601 date.
pub(super) fn iso_date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days from civil, turned round: eras of 400 years counted from 0000-03-01, which is 695,361 days before 1904.
    let days = days + 695_361;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year_of_era + era * 400 + carry;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::iso_date;

    #[test]
    fn dates_count_from_1904() {
        assert_eq!(iso_date(0), "1904-01-01T00:00:00Z");
        assert_eq!(iso_date(2_082_844_800), "1970-01-01T00:00:00Z");
        assert_eq!(iso_date(2_082_844_800 + 951_782_400), "2000-02-29T00:00:00Z");
    }
}
