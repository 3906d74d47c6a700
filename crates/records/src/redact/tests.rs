//! Are planted secrets found wherever they stand, and is nothing else touched?

use std::io::Read as _;

use proptest::prelude::*;

use super::{RedactingReader, Redactor, rules};

const WORD: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Letters of an alphabet as chance would give them, the same for the same seed.
fn chance(alphabet: &str, length: usize, seed: u64) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state = seed.wrapping_mul(2_654_435_769).wrapping_add(12_345);
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        letters[usize::try_from(state >> 33).expect("small") % letters.len()]
    };
    (0..length).map(|_| next()).collect()
}

/// One secret of every row of the table, and of each other form.
fn planted() -> Vec<(&'static str, String)> {
    let mut secrets: Vec<(&'static str, String)> = (1..)
        .zip(rules::samples())
        .map(|(seed, (kind, prefix, alphabet, length))| {
            (kind, format!("{prefix}{}7", chance(alphabet, length - 1, seed)))
        })
        .collect();
    let lines: Vec<String> = (0..5).map(|n| chance(WORD, 64, 900 + n)).collect();
    let key = |end: &str| {
        format!(
            "-----BEGIN RSA PRIVATE KEY-----{end}{}{end}-----END RSA PRIVATE KEY-----",
            lines.join(end)
        )
    };
    secrets.push(("private-key", key("\n")));
    secrets.push(("private-key", key("\\n")));
    let part = |seed| chance(WORD, 40, seed);
    secrets.push(("jwt", format!("eyJ{}.eyJ{}.{}", part(1), part(2), part(3))));
    secrets
}

fn redacted(text: &str) -> (String, u64) {
    let (bytes, count) = Redactor::default().redact(text.as_bytes());
    (String::from_utf8(bytes.into_owned()).expect("tokens are text"), count)
}

#[test]
fn every_planted_form_is_found_in_every_place() {
    let places: [fn(&str) -> String; 6] = [
        |secret| format!("+    key = \"{secret}\"\n"),
        |secret| format!("2024-05-01T12:00:00.1234567Z export X={secret}\r\n"),
        |secret| format!("see {secret}, please"),
        |secret| format!(r#"{{"body":"first\n{secret}\nlast","n":1}}"#),
        |secret| format!("`{secret}`"),
        |secret| secret.to_owned(),
    ];
    let planted = planted();
    assert!(planted.len() >= 40, "{} forms", planted.len());
    for (kind, secret) in &planted {
        for place in &places {
            let text = place(secret);
            let (told, count) = redacted(&text);
            assert_eq!(count, 1, "{kind}: {text}\n{told}");
            assert!(told.contains(&format!("[redacted:{kind}:")), "{kind}: {told}");
            assert_eq!(redacted(&told), (told.clone(), 0), "a token is no secret");
        }
    }
}

#[test]
fn what_is_assigned_to_a_telling_name_is_found_if_chance_made_it() {
    let value = "k7Qz9vR2mX4w";
    for text in [
        format!("password={value}"),
        format!("DB_PASSWORD: '{value}'"),
        format!(r#"{{"client_secret": "{value}"}}"#),
        format!(r#"{{"body":"\"api_key\": \"{value}\""}}"#),
        format!("token => {value};"),
        format!("https://ann:{value}@example.org/x.git"),
        format!("Authorization: Bearer {value}{value}"),
    ] {
        let (told, count) = redacted(&text);
        assert_eq!((count, told.contains(value)), (1, false), "{told}");
    }
}

#[test]
fn what_is_no_secret_stays() {
    let hex = chance("0123456789abcdef", 64, 3);
    for text in [
        format!("commit {}", &hex[..40]),
        format!("Merge {} into {}", &hex[..40], &hex[24..]),
        "id: 6ba7b810-9dad-11d1-80b4-00c04fd430c8".to_owned(),
        format!("\"integrity\": \"sha512-{}==\"", chance(WORD, 86, 4)),
        format!("checksum = \"{hex}\""),
        "password = os.environ['DB_PASSWORD']".to_owned(),
        "token: ${{ secrets.GITHUB_TOKEN }}".to_owned(),
        "let token = parser.next_token2()?;".to_owned(),
        "password=***".to_owned(),
        "--token <TOKEN>".to_owned(),
        "https://user:password@example.org/".to_owned(),
        "http://user.name:pass.word@example.org".to_owned(),
        "postgresql://scott:tiger@localhost/test".to_owned(),
        "basic-credentials = base64-user-pass".to_owned(),
        "https://example.org:8080/a@b".to_owned(),
        "npm_config_registry and ghp_short and AKIA".to_owned(),
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----".to_owned(),
    ] {
        assert_eq!(redacted(&text), (text.clone(), 0));
    }
}

#[test]
fn the_secret_beside_a_key_id_is_found_and_a_digest_there_is_not() {
    let id = format!("AKIA{}7", chance("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 15, 8));
    let secret = format!("{}/+", chance(WORD, 38, 9));
    let (told, count) = redacted(&format!("{id}\n{secret}\n"));
    assert_eq!((count, told.contains(&secret)), (2, false), "{told}");
    let digest = chance("0123456789abcdef", 40, 3);
    assert!(redacted(&format!("{id} {digest}")).0.contains(&digest));
}

#[test]
fn one_secret_has_one_tag_and_a_key_changes_it() {
    let secret = &planted()[0].1;
    let told = redacted(&format!("{secret} {secret}")).0;
    let (first, second) = told.split_once(' ').expect("two tokens");
    assert_eq!(first, second);
    let keyed = Redactor::keyed(b"ours").redact(secret.as_bytes()).0.into_owned();
    assert_ne!(keyed, first.as_bytes());
    let line_ends: Vec<String> = planted()
        .iter()
        .filter(|(kind, _)| *kind == "private-key")
        .map(|(_, key)| redacted(key).0)
        .collect();
    assert_eq!(line_ends[0], line_ends[1], "however its lines are written");
}

#[test]
fn a_guess_at_a_password_cannot_be_confirmed_without_a_key() {
    let (one, other) = (redacted("password=Summer2024xq").0, redacted("password=k7Qz9vR2mX4w").0);
    assert_eq!(one, other);
    let keyed = |text: &str| Redactor::keyed(b"ours").redact(text.as_bytes()).0.into_owned();
    assert_ne!(keyed("password=Summer2024xq"), keyed("password=k7Qz9vR2mX4w"));
}

#[test]
fn a_line_of_json_stays_json_whatever_is_escaped_in_it() {
    let shell =
        r#"{"body":"--data '{\"password\":\"\u003cpassword1xk92\u003e\"}' token:\nq8Xv2LmZ0pRt7"}"#;
    let planted: Vec<String> = planted()
        .iter()
        .map(|(_, secret)| serde_json::json!({ "body": format!("\n{secret}\n") }).to_string())
        .collect();
    for line in planted.iter().map(String::as_str).chain([shell]) {
        let (told, _) = Redactor::default().redact_json(line.as_bytes());
        serde_json::from_slice::<serde_json::Value>(&told).expect("still JSON");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_edges_of_reads_change_nothing(
        pieces in proptest::collection::vec((0_usize..52, 0_usize..12_000), 1..6),
        piece in 1_usize..30_000,
    ) {
        let planted = planted();
        let mut text = String::new();
        for (which, gap) in pieces {
            text.push_str(&"a line of a log\n".repeat(gap / 16));
            text.push_str(&planted[which % planted.len()].1);
            text.push('\n');
        }
        let redactor = Redactor::default();
        let (whole, count) = redactor.redact(text.as_bytes());
        let mut reader = RedactingReader::with_pieces(&redactor, text.as_bytes(), piece);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).expect("memory does not fail");
        prop_assert_eq!(reader.redactions(), count);
        prop_assert!(count > 0);
        prop_assert_eq!(&read[..], &whole[..]);
    }

    #[test]
    fn json_stays_json(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "password", "token", ":", "=", "\"", "\\", "\n", "<", "u003c", "k7Qz9vR2mX4w", " ",
                "npm_", "ghp_0123456789abcdefABCDEF0123456789abcd", "://a:", "@", "'",
            ]),
            0..24,
        ),
    ) {
        let line = serde_json::json!({ "body": parts.concat() }).to_string();
        let (told, _) = Redactor::default().redact_json(line.as_bytes());
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&told).is_ok());
    }

    #[test]
    fn any_bytes_are_taken(bytes: Vec<u8>) {
        let redactor = Redactor::default();
        let (_, count) = redactor.redact(&bytes);
        prop_assert!(count <= bytes.len() as u64);
    }
}
