//! Who asks Snowflake: a JWT (RFC 7519) that the user's key signs (Snowflake developer guide, "Authenticating to the
//! server", "Using key-pair authentication").

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ceap_kernel::Timestamp;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Seconds that a token lives: Snowflake takes an hour at most.
const LIVES_S: i64 = 600;

/// A token of `user`. Each request has its own: signing takes a millisecond.
///
/// # Errors
/// What is wrong with the key, without it.
pub fn sign(account: &str, user: &str, pem: &str, now: Timestamp) -> Result<String, String> {
    if pem.contains("ENCRYPTED PRIVATE KEY") {
        return Err("holds an encrypted key; AWS Secrets Manager encrypts it already, so keep it without a passphrase".to_owned());
    }
    let rule = "must hold an RSA private key in PEM, as -----BEGIN PRIVATE KEY-----";
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| rule)?;
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| rule)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| rule)?;
    let fingerprint = STANDARD.encode(Sha256::digest(public.as_ref()));
    // The region of an account locator is no part of its name here.
    let account = account.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let subject = format!("{account}.{}", user.to_ascii_uppercase());
    let (issued, ends) = (now.as_second(), now.as_second().saturating_add(LIVES_S));
    let claims = json!({"iss": format!("{subject}.SHA256:{fingerprint}"), "sub": subject, "iat": issued, "exp": ends});
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(json!({"alg": "RS256", "typ": "JWT"})), part(claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| "holds a key that can't sign")?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
