//! Somebody signs in with the user pool, and the helpdesk lets them in by what the pool signed.

use ceap_e2e::http::{self, Answer};
use ceap_e2e::{Tenant, aws, stack};
use serde_json::{Value, json};

const PASSWORD: &str = "Correct-horse-7-battery";

/// An operation of the user pool.
fn pool(operation: &str, mut request: Value) -> Value {
    request["UserPoolId"] = aws::output("/sign_in/user_pool").into();
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    aws::call("cognito-idp", &target, &request)
}

/// An app client that takes a password, as the stack's own does not: nobody has a browser here.
fn client(name: &str) -> String {
    let flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"];
    let made =
        pool("CreateUserPoolClient", json!({"ClientName": name, "ExplicitAuthFlows": flows}));
    made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned()
}

/// Whose an app client is.
fn sign_in(tenant: &Tenant, client: &str, revoked: bool) -> Answer {
    let request = json!({"action": "sign-in", "tenant": tenant.name, "client_id": client, "revoked": revoked});
    aws::invoke("tenants", &request)
}

fn user(email: &str, verified: bool) {
    let attribute = |name: &str, value: &str| json!({"Name": name, "Value": value});
    let attributes =
        [attribute("email", email), attribute("email_verified", &verified.to_string())];
    let request =
        json!({"Username": email, "MessageAction": "SUPPRESS", "UserAttributes": attributes});
    let _ = pool("AdminCreateUser", request);
    let request = json!({"Username": email, "Password": PASSWORD, "Permanent": true});
    let _ = pool("AdminSetUserPassword", request);
}

/// What the pool signs: `IdToken` or `AccessToken`.
fn token(client: &str, email: &str, kind: &str) -> String {
    let parameters = json!({"USERNAME": email, "PASSWORD": PASSWORD});
    let request = json!({"ClientId": client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters});
    let answer = pool("AdminInitiateAuth", request);
    answer["AuthenticationResult"][kind].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn get(token: &str, more: &[(&str, &str)], path: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend_from_slice(more);
    http::call("GET", &format!("{}/api/v2/{path}", aws::API), &headers, &[])
}

#[test]
fn who_signed_in_is_let_in_where_they_are_known() {
    let Some(_stack) = stack() else { return };
    let (tenant, other) = (Tenant::new("door"), Tenant::new("other-door"));
    // The first to come sets an account up.
    for tenant in [&tenant, &other] {
        assert_eq!(get(&tenant.token, &[], "groups.json").status, 200);
    }
    let owner = format!("admin@{}.example.com", tenant.name);
    user(&owner, true);
    let door = client(&tenant.name);
    let made = sign_in(&tenant, &door, false);
    assert_eq!(made.header("x-amz-function-error"), "", "{made}");
    let signed = token(&door, &owner, "IdToken");

    let me = get(&signed, &[], "users/me.json");
    assert_eq!((me.status, &me.json()["user"]["email"]), (200, &json!(owner)), "{me}");
    assert_eq!(me.json()["user"]["role"], "admin");
    assert_eq!(get(&signed, &[], "groups.json").status, 200);
    assert_eq!(get(&signed, &[("x-ceap-tenant", &tenant.name)], "groups.json").status, 200);
    assert_eq!(get(&signed, &[("x-ceap-tenant", &other.name)], "groups.json").status, 403);

    // An access token does not say who they are; a changed one is not the pool's.
    assert_eq!(get(&token(&door, &owner, "AccessToken"), &[], "groups.json").status, 401);
    let (head, signature) = signed.rsplit_once('.').unwrap();
    let reversed: String = signature.chars().rev().collect();
    assert_eq!(get(&format!("{head}.{reversed}"), &[], "groups.json").status, 401);

    // No client opens what is not its tenant's, and one that is nobody's opens nothing.
    let foreign = client(&other.name);
    let through = token(&foreign, &owner, "IdToken");
    assert_eq!(get(&through, &[], "groups.json").status, 401, "a client that is nobody's");
    let taken = sign_in(&other, &door, false);
    assert_ne!(taken.header("x-amz-function-error"), "", "one client, one tenant: {taken}");
    assert_eq!(sign_in(&other, &foreign, false).header("x-amz-function-error"), "");
    assert_eq!(get(&through, &[], "groups.json").status, 401, "nobody knows them there");

    // Known to the pool, but not shown to be theirs.
    let agent = format!("agent@{}.example.com", tenant.name);
    user(&agent, false);
    assert_eq!(get(&token(&door, &agent, "IdToken"), &[], "groups.json").status, 401);

    assert_eq!(sign_in(&tenant, &door, true).header("x-amz-function-error"), "");
    assert_eq!(get(&signed, &[], "groups.json").status, 401, "revoked");
}
