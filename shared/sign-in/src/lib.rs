//! People who sign in with Amazon Cognito: their ID tokens, verified with the keys of the user pool
//! ([verifying tokens](https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html)).
//!
//! It is the ID token that is shown, not the access token: of the two, it alone holds the address
//! ([ID tokens](https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html)).

mod claims;
mod keys;

use ceap_helpdesk::access::sign_in::{SignIn, Verified};
use ceap_helpdesk::store::Soon;
use ceap_http::Reach;
use ceap_kernel::{Clock, Fault};
use claims::Claims;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use keys::Keys;

/// Seconds by which the issuer's clock and ours may differ.
const LEEWAY_S: u64 = 30;

/// A user pool.
pub struct UserPool {
    keys: Keys,
    rules: Validation,
}

impl UserPool {
    /// The pool that signs as `issuer` and whose keys are at `keys`, a URL that `reach` allows.
    ///
    /// # Errors
    /// `Invalid` if it does not allow it.
    pub fn new(
        issuer: &str,
        keys: &str,
        reach: Reach,
        clock: Box<dyn Clock>,
    ) -> Result<Self, Fault> {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_issuer(&[issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.leeway = LEEWAY_S;
        rules.validate_nbf = true;
        // Whose the client is, and whether it is anybody's, is looked up with everything else.
        rules.validate_aud = false;
        Ok(Self { keys: Keys::new(keys, reach, clock)?, rules })
    }

    async fn verified(&self, token: &str) -> Result<Verified, Fault> {
        let header = decode_header(token).map_err(|_| not_good())?;
        // Extensions that must be understood are none that we do (RFC 7515 §4.1.11).
        if header.alg != Algorithm::RS256 || header.crit.is_some() {
            return Err(not_good());
        }
        let key = self.keys.find(&header.kid.ok_or_else(not_good)?).await?;
        let decoded = decode::<Claims>(token, &key, &self.rules).map_err(|_| not_good())?;
        decoded.claims.verified().ok_or_else(not_good)
    }
}

/// Why is nothing that a caller learns, nor anything of the token a log.
fn not_good() -> Fault {
    Fault::Unauthorized("the token is not good, or no longer".to_owned())
}

impl SignIn for UserPool {
    fn verify<'a>(&'a self, token: &'a str) -> Soon<'a, Result<Verified, Fault>> {
        Box::pin(self.verified(token))
    }
}

/// A platform on which nobody signs in.
pub struct Nobody;

impl SignIn for Nobody {
    fn verify<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Verified, Fault>> {
        Box::pin(async { Err(not_good()) })
    }
}

#[cfg(test)]
mod tests;
