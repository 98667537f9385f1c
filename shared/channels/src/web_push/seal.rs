//! What a browser opens and a push service checks: the encrypted payload (RFC 8291) and the sender's
//! identity (RFC 8292, "VAPID").
//!
//! The primitives are AWS-LC's, which TLS brings along; what is done with them are these two
//! standards' few lines, held to RFC 8291's own example and to libraries of others
//! (`tests/verified.rs`).

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{self, HKDF_SHA256, Prk};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine as _};
use serde_json::json;
use std::fmt;

/// Bytes of plaintext: of the 4096 that every push service takes (RFC 8030 §7.2), 86 are the header,
/// 16 the tag and 1 the delimiter (RFC 8291 §4).
pub const LONGEST: usize = 3993;

/// The one record's size: greater than the longest plaintext, its delimiter and tag (RFC 8291 §4).
const RECORD: u32 = 4096;

/// Ends the last record (RFC 8188 §2).
const DELIMITER: u8 = 2;

/// A point of P-256, uncompressed: a 4, then two coordinates (SEC 1 §2.3.3).
const POINT: usize = 65;

/// How long a signed token may be used, in seconds. At most a day (RFC 8292 §2).
const TOKEN_S: i64 = 12 * 60 * 60;

/// RFC 4648 §5 without padding, as the standards write it; with padding is read too.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64URL.decode(text).ok()?.try_into().ok()
}

/// What a browser made for its subscription: the point that messages are encrypted to, and the secret
/// that its push service does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    p256dh: [u8; POINT],
    auth: [u8; 16],
}

impl Keys {
    /// Reads both; the error names the rule that one breaks.
    pub fn read(p256dh: &str, auth: &str) -> Result<Self, &'static str> {
        let auth = decode(auth).ok_or("keys.auth must be 16 bytes in base64url")?;
        let p256dh: [u8; POINT] = decode(p256dh)
            .filter(|point: &[u8; POINT]| {
                point.first() == Some(&4) && ParsedPublicKey::try_from(peer(point)).is_ok()
            })
            .ok_or("keys.p256dh must be a point of P-256 in base64url, uncompressed")?;
        Ok(Self { p256dh, auth })
    }
}

fn peer(point: &[u8; POINT]) -> UnparsedPublicKey<&[u8]> {
    UnparsedPublicKey::new(&ECDH_P256, point.as_slice())
}

/// Encrypts for one subscription. The key and the salt are new each time, so that no two messages are
/// under the same (RFC 8188 §4.3).
pub fn encrypt(plain: &[u8], keys: &Keys) -> Result<Vec<u8>, Unspecified> {
    let mut salt = [0; 16];
    rand::fill(&mut salt)?;
    encrypt_with(plain, keys, &PrivateKey::generate(&ECDH_P256)?, &salt)
}

/// RFC 8291 §3.4; the names are its own.
fn encrypt_with(
    plain: &[u8],
    keys: &Keys,
    as_private: &PrivateKey,
    salt: &[u8; 16],
) -> Result<Vec<u8>, Unspecified> {
    let as_public = as_private.compute_public_key()?;
    let info: [&[u8]; 3] = [b"WebPush: info\0", &keys.p256dh, as_public.as_ref()];
    let ikm = agreement::agree(as_private, peer(&keys.p256dh), Unspecified, |shared| {
        expand::<32>(&hkdf::Salt::new(HKDF_SHA256, &keys.auth).extract(shared), &info)
    })?;
    let (cek, nonce) = content_keys(salt, &ikm)?;
    let mut sealed = [plain, &[DELIMITER]].concat();
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &cek)?).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut sealed,
    )?;
    let length = u8::try_from(as_public.as_ref().len()).map_err(|_| Unspecified)?;
    let header: [&[u8]; 4] = [salt, &RECORD.to_be_bytes(), &[length], as_public.as_ref()];
    Ok([&header.concat(), sealed.as_slice()].concat())
}

/// RFC 8188 §2.2 and §2.3, of the first record.
fn content_keys(salt: &[u8; 16], ikm: &[u8; 32]) -> Result<([u8; 16], [u8; 12]), Unspecified> {
    let prk = hkdf::Salt::new(HKDF_SHA256, salt).extract(ikm);
    Ok((
        expand(&prk, &[b"Content-Encoding: aes128gcm\0"])?,
        expand(&prk, &[b"Content-Encoding: nonce\0"])?,
    ))
}

struct Bytes(usize);

impl hkdf::KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    prk.expand(info, Bytes(N))?.fill(&mut out)?;
    Ok(out)
}

/// Who sends: the key pair with whose public half the browser subscribed.
pub struct Identity {
    pair: EcdsaKeyPair,
    /// The public half, as `k` and as a page's `applicationServerKey`.
    public: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.public).finish()
    }
}

impl Identity {
    /// From the private key's 32 bytes in base64url.
    pub fn read(secret: &str) -> Option<Self> {
        let private: [u8; 32] = decode(secret)?;
        let public = PrivateKey::from_private_key(&ECDH_P256, &private).ok()?;
        let public = public.compute_public_key().ok()?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &private,
            public.as_ref(),
        );
        Some(Self { pair: pair.ok()?, public: BASE64URL.encode(public) })
    }

    /// The `Authorization` for requests to `origin` (RFC 8292 §3): a JSON Web Token under ES256, whose
    /// signature is the two numbers side by side (RFC 7518 §3.4).
    pub fn authorization(
        &self,
        origin: &str,
        contact: Option<&str>,
        now: i64,
    ) -> Result<String, Unspecified> {
        let mut claims = json!({"aud": origin, "exp": now.saturating_add(TOKEN_S)});
        if let (Some(claims), Some(contact)) = (claims.as_object_mut(), contact) {
            claims.insert("sub".to_owned(), contact.into());
        }
        let head = BASE64URL.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{head}.{}", BASE64URL.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("vapid t={signed}.{}, k={}", BASE64URL.encode(signature), self.public))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey as Verifier};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::Value;

    /// RFC 8291 §5 and Appendix A.
    const PLAIN: &str = "When I grow up, I want to be a watermelon";
    const AS_PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const UA_PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    pub const P256DH: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    pub const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const SALT: &str = "DGv6ra1nlYgDCS1FRnbzlw";
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    fn private(text: &str) -> PrivateKey {
        PrivateKey::from_private_key(&ECDH_P256, &decode::<32>(text).unwrap()).unwrap()
    }

    /// As the browser with the RFC's keys does (RFC 8291 §3.4, the other side).
    pub fn decrypt(body: &[u8]) -> Option<Vec<u8>> {
        let keys = Keys::read(P256DH, AUTH).unwrap();
        let (salt, rest) = body.split_first_chunk::<16>()?;
        let (record, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first()?;
        let (as_public, sealed) = rest.split_first_chunk::<POINT>()?;
        let fits = sealed.len() < u32::from_be_bytes(*record) as usize;
        assert!(usize::from(*length) == POINT && fits);
        let info: [&[u8]; 3] = [b"WebPush: info\0", &keys.p256dh, as_public];
        let ikm = agreement::agree(&private(UA_PRIVATE), peer(as_public), (), |shared| {
            let prk = hkdf::Salt::new(HKDF_SHA256, &keys.auth).extract(shared);
            expand::<32>(&prk, &info).map_err(|_| ())
        });
        let (cek, nonce) = content_keys(salt, &ikm.ok()?).ok()?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &cek).unwrap());
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain = key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        plain.strip_suffix(&[DELIMITER]).map(<[u8]>::to_vec)
    }

    #[test]
    fn encrypts_the_example_of_rfc_8291() {
        let keys = Keys::read(P256DH, AUTH).unwrap();
        let salt = decode(SALT).unwrap();
        let body = encrypt_with(PLAIN.as_bytes(), &keys, &private(AS_PRIVATE), &salt).unwrap();
        assert_eq!(BASE64URL.encode(&body), BODY);
        assert_eq!(decrypt(&body).unwrap(), PLAIN.as_bytes());
    }

    #[test]
    fn the_longest_fills_what_every_push_service_takes() {
        let keys = Keys::read(P256DH, AUTH).unwrap();
        assert_eq!(encrypt(&[b'x'; LONGEST], &keys).unwrap().len(), 4096);
    }

    #[rstest]
    #[case(P256DH, AUTH, true)]
    #[case(P256DH, "BTBZMqHH6r4Tts7J_aSIgg==", true)]
    #[case(P256DH, "BTBZMqHH6r4Tts7J/aSIgg==", false)]
    #[case(P256DH, "BTBZMqHH6r4Tts7J_aSI", false)]
    #[case(P256DH, "", false)]
    #[case("", AUTH, false)]
    #[case(P256DH.trim_end_matches('4'), AUTH, false)]
    #[case(&P256DH.replace('w', "x"), AUTH, false)]
    #[case(&P256DH.replacen("BC", "BD", 1), AUTH, false)]
    #[case(&BASE64URL.encode([0; 65]), AUTH, false)]
    #[case(&BASE64URL.encode([4; 65]), AUTH, false)]
    fn keys(#[case] p256dh: &str, #[case] auth: &str, #[case] good: bool) {
        assert_eq!(Keys::read(p256dh, auth).is_ok(), good);
    }

    #[rstest]
    #[case(Some("mailto:push@example.com"))]
    #[case(None)]
    fn a_token_says_who_for_whom_and_until_when(#[case] contact: Option<&str>) {
        let identity = Identity::read(AS_PRIVATE).unwrap();
        let origin = "https://push.example.net";
        let header = identity.authorization(origin, contact, 1_700_000_000).unwrap();
        let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public: [u8; POINT] = decode(key).unwrap();
        let verifier = Verifier::new(&ECDSA_P256_SHA256_FIXED, public);
        let signature: [u8; 64] = decode(signature).unwrap();
        assert!(verifier.verify(signed.as_bytes(), &signature).is_ok());
        let part = |part: &str| -> Value {
            serde_json::from_slice(&BASE64URL.decode(part).unwrap()).unwrap()
        };
        let (head, claims) = signed.split_once('.').unwrap();
        assert_eq!(part(head), json!({"typ": "JWT", "alg": "ES256"}));
        let mut expected = json!({"aud": origin, "exp": 1_700_043_200});
        if let Some(contact) = contact {
            expected["sub"] = contact.into();
        }
        assert_eq!(part(claims), expected);
        assert!(!format!("{identity:?}").contains(AS_PRIVATE));
    }

    #[rstest]
    #[case("")]
    #[case("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oR")]
    #[case(P256DH)]
    #[case(&BASE64URL.encode([0; 32]))]
    #[case(&BASE64URL.encode([255; 32]))]
    fn what_is_no_private_key(#[case] secret: &str) {
        assert!(Identity::read(secret).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_was_encrypted_opens_and_what_was_changed_does_not(
            plain in prop::collection::vec(any::<u8>(), 0..=LONGEST),
            at in any::<prop::sample::Index>(),
        ) {
            let mut body = encrypt(&plain, &Keys::read(P256DH, AUTH).unwrap()).unwrap();
            prop_assert_eq!(decrypt(&body), Some(plain));
            // Bytes 16 to 20 only say sizes.
            let at = at.index(body.len());
            prop_assume!(!(16..=20).contains(&at));
            body[at] ^= 1;
            prop_assert_eq!(decrypt(&body), None);
        }
    }
}
