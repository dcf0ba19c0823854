import type { Reason } from "../../../server/access/sso/refusal.ts";

/** What is so, and what to do about it. */
interface Words {
  what: string;
  next: string;
}

/** Why a sign-in by a provider came to nothing, for whoever set the provider up. */
const reasons = {
  "not-begun-here": {
    what: "This sign-in did not begin in this browser, or you have signed out here since.",
    next: "Start again from this page, and finish in the same browser.",
  },
  "too-late": {
    what: "It took longer than a quarter of an hour to come back.",
    next: "Start again.",
  },
  "used-before": {
    what: "This answer had been used already: the page was loaded again, or the browser went back.",
    next: "Start again.",
  },
  "not-listed": {
    what: "This installation may ask the hosts it was told of only, and the provider’s is not one of them.",
    next:
      "Whoever runs this installation adds the host to FLEETHOLD_SSO_HOSTS, with its port unless that is 443.",
  },
  "inside-address": {
    what: "The provider’s host is one of an internal network, and those are asked only where it is allowed.",
    next: "Whoever runs this installation names the host in FLEETHOLD_SSO_HOSTS.",
  },
  "unknown-host": {
    what: "No address is known for the provider’s host.",
    next: "Check how the issuer is spelt, and whether this installation’s DNS knows the name.",
  },
  unreachable: {
    what: "The provider cannot be reached from this installation.",
    next: "Check that it runs, and that the firewall lets this installation through to it.",
  },
  certificate: {
    what:
      "The provider’s certificate is for another name, has ended, or is from an authority that is not trusted here.",
    next:
      "Renew it there. If your company has an authority of its own, whoever runs this installation puts its certificate into the folder ca/.",
  },
  "too-slow": {
    what: "The provider did not answer in time.",
    next: "Try again; if it stays, look at what holds the provider up.",
  },
  "too-large": {
    what: "The provider answered more than is read here.",
    next: "Check that the issuer is the provider’s address, and not that of a web page.",
  },
  gateway: {
    what: "The part of this installation that asks providers did not answer.",
    next: "Whoever runs this installation looks at the log of the service outbound.",
  },
  "not-https": {
    what: "One of the provider’s addresses begins with http://, where anybody in between could read along.",
    next: "Tell the provider its public address with https://. Behind a proxy it often does not know it.",
  },
  discovery: {
    what: "There is no provider’s description below this issuer.",
    next:
      "Open the issuer with /.well-known/openid-configuration after it in a browser: it has to show JSON. Correct the issuer until it does.",
  },
  "discovery-issuer": {
    what: "The provider calls itself by another issuer than the one set up here.",
    next:
      "Open the issuer with /.well-known/openid-configuration after it, and copy what stands at “issuer”, letter by letter.",
  },
  endpoints: {
    what: "The provider’s description lacks an address that is needed, or has one that cannot be used.",
    next:
      "Check that it has authorization_endpoint, token_endpoint and jwks_uri, each beginning with https://.",
  },
  "refused-there": {
    what: "The provider itself refused the sign-in.",
    next:
      "Look at its sign-in log. Often the person is not assigned to the application, a scope is not allowed for it, or consent is missing.",
  },
  state: {
    what: "The answer does not belong to the sign-in that was begun.",
    next: "Start again, in one tab only. If it stays, something in between changes addresses.",
  },
  "response-issuer": {
    what: "The answer in the browser names another issuer, or none although the provider promises one.",
    next: "Check the issuer, and that no proxy takes the parameter iss away.",
  },
  "code-missing": {
    what: "The answer in the browser brought no code.",
    next: "Allow the authorization code flow for this application; Keycloak calls it standard flow.",
  },
  "client-refused": {
    what: "The provider does not accept the client ID with its secret.",
    next:
      "Copy both again: the secret’s value, not its ID. Check that it has not expired, and that the application is a confidential one.",
  },
  "code-refused": {
    what: "The provider did not accept the code that it had given.",
    next: "Register the redirect address exactly as it is shown here, and try again without a pause.",
  },
  "token-endpoint": {
    what: "What the provider answered to the code is of no use.",
    next: "Look at its log at this minute, and at any proxy before it.",
  },
  "id-token-missing": {
    what: "The provider sent no ID token.",
    next: "Make it an application for OpenID Connect there, and allow the scope openid for it.",
  },
  "id-token-unreadable": {
    what: "The ID token cannot be read.",
    next: "Switch encryption of ID tokens off for this application.",
  },
  algorithm: {
    what:
      "The provider signs by a method that is not accepted here, such as HS256 with the shared secret, or not at all.",
    next:
      "Choose a signing key for this application there: RS256, ES256 or the like. authentik calls it Signing Key.",
  },
  "key-unknown": {
    what: "The key it was signed with is not among those the provider publishes, or those cannot be read.",
    next:
      "If its keys were just replaced, try again in a minute. Otherwise open its jwks_uri in a browser: it has to show keys.",
  },
  signature: {
    what: "The ID token’s signature does not fit: it was changed, or signed by somebody else.",
    next: "Do not enable the provider until you know why. A proxy that answers in its place is one reason.",
  },
  issuer: {
    what: "The ID token is from another issuer than the one set up here.",
    next: "Copy the issuer from the provider’s description. With Entra ID it is v2.0 of your own tenant.",
  },
  audience: {
    what: "The ID token is meant for another application, or for others besides.",
    next: "Check the client ID, and take further audiences out of ID tokens.",
  },
  "authorized-party": {
    what: "The ID token was made for another application.",
    next: "Check the client ID, and that no other application passes its tokens on.",
  },
  nonce: {
    what: "The ID token belongs to another sign-in.",
    next: "Start again. If it stays, something keeps the provider’s answers and hands them out twice.",
  },
  expired: {
    what: "The ID token had ended when it came.",
    next: "Have both clocks set by NTP; they may differ by a minute.",
  },
  "issued-at": {
    what: "The ID token says that it was made in the future, or not when.",
    next: "Have both clocks set by NTP; they may differ by a minute.",
  },
  "not-yet-valid": {
    what: "The ID token is not good yet.",
    next: "Have both clocks set by NTP; they may differ by a minute.",
  },
  "claim-missing": {
    what: "The ID token lacks a claim that every ID token has.",
    next: "Take back what was changed in the application’s tokens, and leave sub, iat and exp in them.",
  },
  subject: {
    what: "The ID token does not say who it is, by the claim chosen here.",
    next:
      "Under More settings, choose the claim that the provider sends. With Entra ID, oid needs the scope profile.",
  },
  "access-token-hash": {
    what: "The access token is not the one that the ID token came with.",
    next: "Try again. If it stays, something in between changes tokens: do not enable the provider.",
  },
  userinfo: {
    what: "The provider did not say more about the person when it was asked (userinfo).",
    next: "Allow the scopes profile and email, or have name, e-mail and groups put into the ID token.",
  },
  "userinfo-subject": {
    what: "Asked about the person, the provider told about another one (userinfo).",
    next: "Have the same sub sent in the ID token and in userinfo.",
  },
  "logged-in-too-long-ago": {
    what: "The person should have signed in there anew, and had not.",
    next: "Check that the provider heeds max_age and prompt=login.",
  },
  "second-factor": {
    what: "The provider did not say that a second factor was shown.",
    next:
      "See what stands at acr and amr in the claims. Have the provider ask for a second factor and say so, or choose under Second factor that it asks everybody.",
  },
  "required-claim": {
    what: "A claim that is required has not the value it must have.",
    next: "Either this person is not meant to get in, or the claim does not come: look at the claims.",
  },
  "groups-overage": {
    what: "The person is in so many groups that Entra ID left all of them out.",
    next:
      "Define app roles, assign your groups to them, and set the group claim to roles; or have only groups sent that are assigned to the application.",
  },
  "no-role": {
    what: "None of the groups that came gives a role here.",
    next: "Map one of the groups that came. If none did, check the group claim under More settings.",
  },
  "no-account": {
    what: "Nobody here is known by this account of the provider, and accounts are not made at once.",
    next:
      "If it is yours: enable the provider, connect it under Your account, and try again. Or let accounts be made at once.",
  },
  "email-missing": {
    what: "The provider sent no e-mail address, and an account needs one.",
    next:
      "Allow the scope email, and check that the person has an address. With Entra ID, add the optional claims email and auth_time to the ID token.",
  },
  "email-taken": {
    what:
      "There is an account with this e-mail address here already. An address alone never opens an account.",
    next:
      "If it is yours: enable the provider, connect it under Your account, and try again. Or try with an account that is not known here.",
  },
  disabled: {
    what: "The person’s account is disabled here.",
    next: "Enable it under People if they should get in.",
  },
  "another-person": {
    what: "The provider named another person than the one who is signed in here.",
    next: "Sign out at the provider, and sign in there as yourself.",
  },
  taken: {
    what: "This account of the provider is connected with somebody else here.",
    next: "Use your own account there.",
  },
} satisfies Record<Reason, Words>;

/** What a check can say besides, and a refusal that is no provider's fault. */
const otherReasons = {
  clock: {
    what: "The provider’s clock and this installation’s differ.",
    next: "Have both set by NTP. From a minute on, sign-ins are refused.",
  },
  "no-date": {
    what: "The provider does not say what time it has.",
    next: "Nothing to do, unless sign-ins are refused because of the time.",
  },
  "no-pkce": {
    what: "The provider says that it does not know PKCE with S256, which keeps stolen codes from being used.",
    next: "Allow S256 there if you can. It is sent in any case; the trial shows whether that does harm.",
  },
  "pkce-unknown": {
    what: "The provider does not say whether it knows PKCE. Entra ID and AD FS do, all the same.",
    next: "Nothing to do: it is sent in any case.",
  },
  "response-mode": {
    what: "The provider does not answer in the way that is chosen here.",
    next: "Choose the other way under More settings.",
  },
  scopes: {
    what: "The provider does not list every scope that is asked for.",
    next: "Take them out under More settings, unless you know that it has them.",
  },
  "no-sign-out": {
    what: "The provider has no address to sign out at.",
    next: "Nothing to do: whoever signs out here stays signed in there.",
  },
  "no-back-channel-logout": {
    what: "The provider does not tell when somebody signs out there.",
    next: "Nothing to do: sessions here end by themselves, and under People at once.",
  },
  "too-many-attempts": {
    what: "Too many sign-ins came from this address in a short time.",
    next: "Wait a few minutes, and start again.",
  },
  unknown: {
    what: "The sign-in came to nothing.",
    next: "Start again. The audit trail has the reason.",
  },
} satisfies Record<string, Words>;

export const ssoReasons = { ...reasons, ...otherReasons };
