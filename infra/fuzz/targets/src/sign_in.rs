//! Tokens of people who signed in, and the keys that their issuer publishes.

use crate::promise::{chosen, text};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ceap_helpdesk::access::sign_in::{SignIn, Verified};
use ceap_http::Reach;
use ceap_kernel::{Fault, SystemClock};
use ceap_sign_in::UserPool;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123";
const HEADER: &str = r#"{"alg": "RS256", "kid": "one"}"#;

/// Seconds by which clocks may differ.
const LEEWAY_S: i64 = 30;

/// An issuer: its key, what it publishes at `/own`, and what stands at `/any`.
struct Issuer {
    key: RsaKeyPair,
    runtime: Runtime,
    url: String,
    any: Arc<Mutex<Vec<u8>>>,
    pool: UserPool,
}

thread_local! {
    static ISSUING: Issuer = Issuer::new();
}

/// Nobody is let in but by a token that the issuer signed, that is whole, of this pool, and not over.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    ISSUING.with(|issuer| match choice % 4 {
        0 => {
            let told = issuer.verified(&issuer.pool, &text(rest));
            assert!(matches!(told, Err(Fault::Unauthorized(_))), "{told:?}");
        }
        1 => claims(issuer, rest),
        2 => header(issuer, rest),
        _ => keys(issuer, rest),
    });
}

/// Claims that the issuer signed, whatever they are: what nobody looks at may hold half a character.
fn claims(issuer: &Issuer, said: &[u8]) {
    let told = issuer.verified(&issuer.pool, &issuer.signed(HEADER.as_bytes(), said));
    let Ok(verified) = told else { return assert!(matches!(told, Err(Fault::Unauthorized(_)))) };
    let Ok(said) = serde_json::from_slice::<Value>(said) else { return };
    let text = |name: &str| said[name].as_str().map(str::to_owned);
    assert_eq!(said["token_use"], "id");
    assert_eq!(text("sub"), Some(verified.subject));
    assert_eq!(text("aud"), Some(verified.client));
    assert_eq!(text("email"), verified.email);
    assert!(said["iss"].to_string().contains(ISSUER), "{said}");
    let ends = said["exp"].as_f64().unwrap();
    #[allow(clippy::cast_precision_loss)]
    let now = jiff::Timestamp::now().as_second() as f64;
    #[allow(clippy::cast_precision_loss)]
    let least = now - (LEEWAY_S + 1) as f64;
    assert!(ends >= least, "{said}");
}

/// A header that the issuer signed, whatever it is, before good claims.
fn header(issuer: &Issuer, said: &[u8]) {
    let told = issuer.verified(&issuer.pool, &issuer.signed(said, good().as_bytes()));
    match told {
        Ok(_) => {
            let Ok(said) = serde_json::from_slice::<Value>(said) else { return };
            assert!(said["alg"] == "RS256" && said["kid"] == "one", "{said}");
            assert!(said["crit"].is_null(), "{said}");
        }
        Err(fault) => assert!(matches!(fault, Fault::Unauthorized(_)), "{fault:?}"),
    }
}

/// Keys that are published, whatever they are: a good token is believed by the issuer's own alone.
fn keys(issuer: &Issuer, published: &[u8]) {
    *issuer.any.lock().unwrap() = published.to_vec();
    let pool = issuer.pool_of(&format!("{}/any", issuer.url));
    let told = issuer.verified(&pool, &issuer.signed(HEADER.as_bytes(), good().as_bytes()));
    match told {
        Ok(_) => assert!(text(published).contains(&issuer.modulus())),
        Err(fault) => {
            assert!(matches!(fault, Fault::Unauthorized(_) | Fault::Unavailable(_)), "{fault:?}");
        }
    }
}

fn good() -> String {
    let now = jiff::Timestamp::now().as_second();
    json!({"sub": "5a1c", "iss": ISSUER, "aud": "client", "token_use": "id", "exp": now + 900,
        "email": "ada@acme.example", "email_verified": true})
    .to_string()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    fn new() -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let public = key.public_key();
        let own = json!({"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one",
            "n": encoded(public.modulus().big_endian_without_leading_zero()),
            "e": encoded(public.exponent().big_endian_without_leading_zero())}]});
        let any: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (own, served) = (own.to_string(), Arc::clone(&any));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, own.as_bytes(), &served.lock().unwrap().clone());
            }
        });
        let pool = pool(&format!("{url}/own"));
        let issuer = Self { key, runtime, url, any, pool };
        let good = issuer.signed(HEADER.as_bytes(), good().as_bytes());
        let told = issuer.verified(&issuer.pool, &good);
        assert!(told.is_ok(), "{told:?}");
        issuer
    }

    fn pool_of(&self, url: &str) -> UserPool {
        let _inside = self.runtime.enter();
        pool(url)
    }

    fn modulus(&self) -> String {
        encoded(self.key.public_key().modulus().big_endian_without_leading_zero())
    }

    fn signed(&self, header: &[u8], claims: &[u8]) -> String {
        let text = format!("{}.{}", encoded(header), encoded(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", encoded(signature))
    }

    fn verified(&self, pool: &UserPool, token: &str) -> Result<Verified, Fault> {
        self.runtime.block_on(pool.verify(token))
    }
}

fn pool(url: &str) -> UserPool {
    UserPool::new(ISSUER, url, Reach::Loopback, Box::new(SystemClock)).unwrap()
}

/// Answers one request with the keys that stand there.
fn serve(mut stream: TcpStream, own: &[u8], any: &[u8]) {
    let mut asked = [0; 4096];
    let read = stream.read(&mut asked).unwrap_or_default();
    let keys = if asked[..read].starts_with(b"GET /own ") { own } else { any };
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", keys.len());
    let _ = stream.write_all(&[head.as_bytes(), keys].concat());
}
