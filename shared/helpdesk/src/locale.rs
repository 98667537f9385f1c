//! The languages that people may have, by Zendesk's numbers
//! ([locales](https://developer.zendesk.com/api-reference/ticketing/account-configuration/locales/)).

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locale {
    /// Its number.
    pub id: u64,
    /// Its tag (BCP 47).
    pub tag: &'static str,
    /// Its name in English.
    pub name: &'static str,
    /// Its name in itself.
    pub native: &'static str,
}

impl Locale {
    /// Whether it is written from right to left.
    #[must_use]
    pub fn rtl(self) -> bool {
        matches!(self.tag.split('-').next(), Some("ar" | "fa" | "he" | "ps" | "ur"))
    }
}

const fn locale(id: u64, tag: &'static str, name: &'static str, native: &'static str) -> Locale {
    Locale { id, tag, name, native }
}

/// All of them, by number. The first is everyone's unless they say otherwise.
pub const LOCALES: &[Locale] = &[
    locale(1, "en-US", "English", "English"),
    locale(2, "es", "Spanish", "español"),
    locale(8, "de", "German", "Deutsch"),
    locale(9, "zh-TW", "Traditional Chinese", "繁體中文"),
    locale(10, "zh-CN", "Simplified Chinese", "简体中文"),
    locale(13, "pl", "Polish", "polski"),
    locale(16, "fr", "French", "français"),
    locale(19, "pt-BR", "Brazilian Portuguese", "português (Brasil)"),
    locale(22, "it", "Italian", "italiano"),
    locale(23, "ro", "Romanian", "română"),
    locale(24, "is", "Icelandic", "íslenska"),
    locale(26, "vi", "Vietnamese", "Tiếng Việt"),
    locale(27, "ru", "Russian", "русский"),
    locale(30, "he", "Hebrew", "עברית"),
    locale(34, "no", "Norwegian", "norsk"),
    locale(47, "fil", "Filipino", "Filipino"),
    locale(66, "ar", "Arabic", "العربية"),
    locale(67, "ja", "Japanese", "日本語"),
    locale(69, "ko", "Korean", "한국어"),
    locale(72, "sl", "Slovenian", "slovenščina"),
    locale(74, "hr", "Croatian", "hrvatski"),
    locale(77, "id", "Indonesian", "Bahasa Indonesia"),
    locale(78, "cs", "Czech", "čeština"),
    locale(81, "th", "Thai", "ไทย"),
    locale(84, "fi", "Finnish", "suomi"),
    locale(88, "tr", "Turkish", "Türkçe"),
    locale(92, "sv", "Swedish", "svenska"),
    locale(93, "el", "Greek", "Ελληνικά"),
    locale(94, "bg", "Bulgarian", "български"),
    locale(101, "et", "Estonian", "eesti"),
    locale(1000, "da", "Danish", "dansk"),
    locale(1003, "sk", "Slovak", "slovenčina"),
    locale(1005, "nl", "Dutch", "Nederlands"),
    locale(1008, "bs", "Bosnian", "bosanski"),
    locale(1009, "hu", "Hungarian", "magyar"),
    locale(1011, "pt", "Portuguese", "português"),
    locale(1016, "fa", "Persian", "فارسی"),
    locale(1018, "cy", "Welsh", "Cymraeg"),
    locale(1075, "ca", "Catalan", "català"),
    locale(1092, "lt", "Lithuanian", "lietuvių"),
    locale(1100, "af", "Afrikaans", "Afrikaans"),
    locale(1101, "lv", "Latvian", "latviešu"),
    locale(1150, "sr", "Serbian", "српски"),
    locale(1173, "uk", "Ukrainian", "українська"),
    locale(1176, "en-GB", "British English", "British English"),
    locale(1181, "en-CA", "Canadian English", "Canadian English"),
    locale(1183, "ur", "Urdu", "اردو"),
    locale(1186, "es-ES", "European Spanish", "español de España"),
    locale(1187, "fr-CA", "Canadian French", "français canadien"),
    locale(1194, "es-419", "Latin American Spanish", "español latinoamericano"),
    locale(1267, "ka", "Georgian", "ქართული"),
    locale(1277, "en-AU", "Australian English", "Australian English"),
    locale(1278, "en-IN", "English (India)", "English (India)"),
    locale(1279, "en-IE", "English (Ireland)", "English (Ireland)"),
    locale(1281, "en-SG", "English (Singapore)", "English (Singapore)"),
    locale(1282, "es-AR", "Spanish (Argentina)", "español (Argentina)"),
    locale(1283, "es-CL", "Spanish (Chile)", "español (Chile)"),
    locale(1284, "es-CO", "Spanish (Colombia)", "español (Colombia)"),
    locale(1285, "es-PE", "Spanish (Peru)", "español (Perú)"),
    locale(1288, "en-NZ", "English (New Zealand)", "English (New Zealand)"),
    locale(1289, "en-ZA", "English (South Africa)", "English (South Africa)"),
    locale(1291, "fr-BE", "French (Belgium)", "français (Belgique)"),
    locale(1292, "fr-CH", "Swiss French", "français suisse"),
    locale(1293, "nl-BE", "Flemish", "Vlaams"),
    locale(1294, "de-AT", "Austrian German", "Österreichisches Deutsch"),
    locale(1295, "de-CH", "Swiss High German", "Schweizer Hochdeutsch"),
    locale(1303, "hi", "Hindi", "हिन्दी"),
    locale(1307, "ms", "Malay", "Bahasa Melayu"),
    locale(1347, "kk", "Kazakh", "қазақ тілі"),
    locale(1348, "ps", "Pashto", "پښتو"),
    locale(1353, "mk", "Macedonian", "македонски"),
    locale(1355, "az", "Azerbaijani", "azərbaycan"),
    locale(1356, "eu", "Basque", "euskara"),
    locale(1357, "mn", "Mongolian", "монгол"),
    locale(1358, "gl", "Galician", "galego"),
    locale(1361, "sq", "Albanian", "shqip"),
    locale(1362, "sw", "Swahili", "Kiswahili"),
    locale(1364, "es-MX", "Mexican Spanish", "español de México"),
    locale(1365, "fr-FR", "French (France)", "français (France)"),
    locale(1368, "bn", "Bengali", "বাংলা"),
    locale(1377, "hy", "Armenian", "հայերեն"),
    locale(1389, "zh-HK", "Chinese (Hong Kong)", "中文（香港）"),
    locale(1416, "nb", "Norwegian Bokmål", "norsk bokmål"),
    locale(1503, "pt-PT", "European Portuguese", "português europeu"),
    locale(1541, "de-DE", "German (Germany)", "Deutsch (Deutschland)"),
];

/// The one with this tag, in whatever case.
#[must_use]
pub fn tagged(tag: &str) -> Option<&'static Locale> {
    let tag = tag.replace('_', "-");
    LOCALES.iter().find(|it| it.tag.eq_ignore_ascii_case(&tag))
}

/// The one with this number.
#[must_use]
pub fn numbered(id: u64) -> Option<&'static Locale> {
    LOCALES.iter().find(|it| it.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("en-us", Some(1))]
    #[case("pt_BR", Some(19))]
    #[case("tlh", None)]
    fn tags_are_found_in_any_case(#[case] tag: &str, #[case] id: Option<u64>) {
        assert_eq!(tagged(tag).map(|it| it.id), id);
    }

    #[test]
    fn every_language_stands_once_and_in_order() {
        assert!(LOCALES.is_sorted_by(|a, b| a.id < b.id));
        assert!(LOCALES.iter().all(|it| tagged(it.tag) == Some(it) && numbered(it.id) == Some(it)));
        assert!(numbered(66).is_some_and(|arabic| arabic.rtl()));
    }
}
