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

/** Connecting the company's identity provider, and by which ways people sign in. */
export const singleSignOn = {
  title: "Single sign-on",
  lead: "People sign in with the account they have at your company, and lose access when they lose that.",
  reasons: { ...reasons, ...otherReasons },
  empty: {
    title: "Connect your company’s identity provider",
    lead:
      "People then sign in here with the account they have already, and whoever leaves the company cannot get in any more. You need somebody who may register an application at the provider, and about ten minutes.",
    none: "No identity provider is connected",
    readOnly: "An owner or admin can connect one.",
  },
  choose: {
    title: "Which one do you have?",
    lead: "Each choice fills in what is usual for it. All of it can be changed.",
    heading: "Add a provider",
  },
  presets: {
    entra: {
      name: "Microsoft Entra ID",
      hint: "Microsoft 365, once Azure AD",
      where:
        "In the Entra admin center, under App registrations, make a registration for accounts of your own directory only. As platform choose Web; the redirect address and the one after signing out are both redirect URIs there. There is no use for the third.",
      trap:
        "Groups come as object IDs, and for people in more than 200 of them not at all. So make app roles instead, assign your groups to them, and map the roles’ values: they come in the claim roles. Under Token configuration, add the optional claim email to the ID token.",
      issuer: "Your tenant’s ID stands on the registration’s overview as Directory (tenant) ID.",
      secret: "Under Certificates & secrets. Copy the value, not the secret ID.",
      factor:
        "Entra ID does not say in its tokens whether a second factor was shown. Require it by Conditional Access for this application; trust is then right.",
    },
    okta: {
      name: "Okta",
      hint: "Workforce Identity",
      where:
        "In the Okta admin console, under Applications, create an app integration for OpenID Connect, as a web application. It has fields for the sign-in redirect and the sign-out redirect.",
      trap:
        "Okta sends no groups by itself: add the groups claim on the application’s tab Sign On, with a filter for the groups you map. Your domain is one issuer and a custom authorization server another; for that one, add the claim there, and take the scope groups out unless it has one.",
      issuer: "With a custom authorization server: https://<domain>.okta.com/oauth2/default, or its own ID.",
      secret: "On the application’s tab General.",
      factor:
        "Okta says in amr by what somebody signed in. Its sign-on policy for this application has to ask for two factors.",
    },
    keycloak: {
      name: "Keycloak",
      hint: "Red Hat build included",
      where:
        "In your realm, under Clients, create a client for OpenID Connect with Client authentication and Standard flow on. The three addresses go to Valid redirect URIs, Valid post logout redirect URIs and Backchannel logout URL.",
      trap:
        "Groups need a mapper: in the client’s dedicated scope, add Group Membership with the claim name groups. It sends full paths such as /dispatch unless you switch Full group path off; map them just as they come.",
      issuer: "Older releases have /auth before /realms.",
      secret: "On the client’s tab Credentials.",
      factor:
        "By itself Keycloak does not say that a second factor was shown. Give that step of the browser flow an authenticator reference, such as otp, and the client the mapper Authentication Method Reference (AMR). Or make the step required for everybody, and choose trust.",
    },
    google: {
      name: "Google Workspace",
      hint: "Accounts of your own domain",
      where:
        "In the Google Cloud console, under APIs & Services, Credentials, create an OAuth client ID for a web application; the consent screen is Internal. It takes the redirect address only, and that needs a public domain: names such as .lan and private addresses are refused.",
      trap:
        "Google sends no groups: everybody it lets in gets the one role you choose below. The required claim hd has to be your own domain; without it anybody with a Google account would be let in.",
      issuer: "It is the same for everybody.",
      secret: "Shown when the client is made.",
      factor:
        "Google never says whether a second factor was shown. Enforce 2-Step Verification in the admin console; trust is then right.",
    },
    authentik: {
      name: "authentik",
      hint: "Self-hosted",
      where:
        "In the admin interface, under Applications, create one with a provider of the type OAuth2/OpenID, confidential. The redirect address is a strict one; newer releases have a field for the back-channel logout too.",
      trap:
        "Choose a signing key for the provider: without one it signs by the shared secret (HS256), which is refused here. The issuer is the application’s own, and ends with a slash.",
      issuer: "It stands on the provider’s page as OpenID Configuration Issuer.",
      secret: "On the provider’s page, under Edit.",
      factor:
        "authentik says mfa in amr once a second factor was shown. The authentication flow has to ask everybody for one.",
    },
    adfs: {
      name: "AD FS",
      hint: "On a Windows Server of your own",
      where:
        "In AD FS Management, add an application group: Server application accessing a web API. The web API’s identifier is the client ID, and its client permissions are openid, profile, email and allatclaims.",
      trap:
        "It sends neither e-mail nor groups by itself, and its sub names nobody. Add issuance rules to the web API: E-Mail-Addresses as E-Mail Address, Given-Name as Given Name, Surname as Surname, and the groups as Group. They come as the claim group; if a trial shows http://schemas.xmlsoap.org/claims/Group instead, put that under More settings.",
      issuer: "The federation service’s name with /adfs after it.",
      secret: "Shown when the server application is made.",
      factor:
        "AD FS does not say so by itself. Give the web API an access control policy that requires MFA for everybody; trust is then right.",
    },
    other: {
      name: "Another one",
      hint: "Whatever speaks OpenID Connect",
      where: "Register a web application with a secret there, for OpenID Connect with the code flow.",
      trap:
        "It has to publish its description at /.well-known/openid-configuration and sign ID tokens with a key of its own, such as RS256 or ES256. SAML alone is not enough.",
      issuer: "As the provider writes it itself, letter by letter.",
      secret: "As the provider shows it.",
      factor: "Ask whoever runs it whether it says in acr or amr that a second factor was shown.",
    },
  },
  form: {
    addTitle: "Connect {{name}}",
    editTitle: "How {{name}} is set up",
    back: "All providers",
    trap: "Mind this",
    fromFile:
      "Whoever runs this installation set this provider up in the file credentials/sso_providers. It is changed there.",
    readOnly: "Only owners and admins can change this.",
    register: "1. Register Fleethold there",
    name: "Name",
    nameHint: "Stands on the button with which people sign in.",
    slug: "Name in addresses",
    slugHint: "Small letters, digits and hyphens. It stays as it is later.",
    slugFixed: "It cannot be changed any more: the addresses below are registered there.",
    addresses: "Copy these addresses to the provider; where it has no field for one, leave that out.",
    redirect: "Redirect address",
    signedOut: "Address after signing out",
    backChannel: "Back-channel logout address",
    given: "2. What it gives you",
    issuer: "Issuer",
    clientId: "Client ID",
    clientIdHint: "Also called application ID.",
    secret: "Client secret",
    secretKept: "The one you gave is kept and never shown. Type a new one to replace it.",
    secretShow: "Show the secret",
    who: "3. Who gets in, and as what",
    rolesFrom: "Roles come from",
    rolesFromProvider: "the provider’s groups, anew at each sign-in",
    rolesFromDirectory: "the groups its directory sends (SCIM)",
    rolesFromHere: "here, as they are set under People",
    justInTime: "Make accounts at once",
    justInTimeHint:
      "Whoever the provider lets in and has a role gets an account with the first sign-in. Otherwise they are invited first, or connect their account themselves.",
    factor: "4. Second factor",
    factorLead: "Nobody gets in here with a password alone. A provider has to see to that as well.",
    claimed: "It says so each time",
    claimedHint:
      "A sign-in that does not name a second factor in acr or amr is refused. If the provider stops asking, nobody gets in.",
    trusted: "It asks everybody; I trust it",
    trustedHint:
      "Nothing is checked here. If the provider lets somebody in by a password, that password opens names, addresses and phone numbers of your customers.",
    more: "More settings",
    scopes: "Scopes",
    scopesHint: "What is asked for, with spaces between.",
    groupClaim: "Group claim",
    groupClaimHint: "The claim that has the groups. A path with dots is possible: realm_access.roles.",
    subjectClaim: "Who somebody is, by",
    subject: { sub: "sub, as is usual", oid: "oid, as with Entra ID" },
    acrValues: "acr values",
    acrHint: "Each means that two factors were shown; they are asked for. With spaces between.",
    amrValues: "amr values",
    amrHint:
      "Any of these means that two factors were shown, as does a password together with something held (pwd and otp). With spaces between.",
    proofBy: "That it is still somebody, it shows by",
    proofByHint: "Asked for before grave acts, such as making an account.",
    proof: {
      "auth-time": "saying when they signed in there (auth_time)",
      return: "letting them come back, for one that never says so",
    },
    responseMode: "It answers by",
    response: { query: "the address (query)", form_post: "a form (form_post), as AD FS does" },
    signOutThere: "Signing out here signs out there too",
    add: "Save, and go on to check it",
    added: "Saved. Check it now, and try a sign-in.",
    saved: "Saved",
  },
  mapping: {
    title: "Groups and roles",
    lead:
      "Whoever is in several groups gets the mightiest role. Whoever is in none does not get in. Drivers’ accounts are made in the list of drivers.",
    group: "Group",
    role: "Role",
    sites: "At the sites",
    row: "Group {{number}}",
    add: "Add a group",
    remove: "Remove group {{number}}",
    none: "No group is mapped yet.",
    everybody: "Everybody the provider lets in gets a role",
    everybodyHint: "Without any group. Only for providers that let nobody in who should not.",
    everybodyRole: "Role of everybody",
    requires: "Required claims",
    requiresLead: "Only whoever has each of these with this value gets in.",
    claim: "Claim",
    value: "Value",
    requireRow: "Required claim {{number}}",
    requireAdd: "Require a claim",
    requireRemove: "Remove required claim {{number}}",
  },
  provider: {
    add: "Add a provider",
    enabled: "Enabled",
    disabled: "Not enabled",
    tried: "Tried",
    untried: "Not tried",
    fromFile: "From a file",
    issuer: "Issuer",
    people: "People",
    peopleCount_one: "{{count, number}} person signs in with it",
    peopleCount_other: "{{count, number}} people sign in with it",
    peopleNone: "Nobody has signed in with it yet",
    triedAt: "Tried",
    triedNever: "Not yet, as it is set up now",
    edit: "Edit",
    show: "Show settings",
    check: "Check",
    try: "Try a sign-in",
    tryAgain: "Try again",
    enable: "Enable",
    disable: "Disable",
    remove: "Remove",
    nowEnabled: "Enabled: its button stands on the sign-in page",
    nowDisabled: "Disabled; who came by it is signed out",
    removed: "Provider removed",
    steps: {
      new: "Next: check it, then try a sign-in. Nobody can sign in with it yet.",
      ready: "It works as it is set up. Enable it, and its button stands on the sign-in page.",
      changed:
        "People can sign in with it, but nobody has tried it as it is set up now. Try a sign-in before you rely on it.",
    },
    checking: "Asking the provider…",
    enableTitle: "Enable {{name}} without a trial?",
    enableDetail:
      "Nobody has signed in on trial as it is set up now. Its button stands on the sign-in page at once, and people may be refused there. Do it if you have to connect your own account first.",
    disableTitle: "Disable {{name}}?",
    disableDetail:
      "Whoever came by it is signed out at once, and nobody signs in with it any more. Accounts stay, and you can enable it again.",
    removeTitle: "Remove {{name}}?",
    removeDetail:
      "Its settings and its secret are gone, whoever came by it is signed out at once, and nobody is known by it any more. Accounts stay; people who have no password need a new invitation. This cannot be undone.",
  },
  checks: {
    passed: "Everything was checked, and is right.",
    warned: "It can be used. Look at what is marked.",
    failed: "It cannot be used like this.",
    list: "What was checked",
    outcome: { passed: "Right", failed: "Wrong", warned: "Look at it", "not-reached": "Not reached" },
    notReached: "Not looked at, because of what is wrong before it.",
    name: {
      discovery: "The provider’s description",
      clock: "Clocks",
      pkce: "PKCE",
      algorithm: "Signing method",
      keys: "Keys",
      "response-mode": "Kind of answer",
      scopes: "Scopes",
      "sign-out": "Signing out there",
      "back-channel-logout": "Signing out from there",
      answer: "Answer in the browser",
      exchange: "Client ID, secret and code",
      "id-token": "ID token",
      times: "Times",
      issuer: "Issuer",
      audience: "Audience",
      nonce: "Nonce",
      signature: "Signature",
      "access-token": "Access token",
      userinfo: "Userinfo",
      "second-factor": "Second factor",
      requirements: "Required claims",
      groups: "Groups",
      role: "Role",
      account: "Account",
    },
    right: {
      discovery: "It was found, and is the issuer’s.",
      clock: "The provider’s and ours agree.",
      pkce: "The provider knows S256.",
      algorithm: "The provider signs with a key of its own.",
      keys: "They are published, and can be read.",
      "response-mode": "The provider answers in the way that is chosen.",
      scopes: "The provider knows all of them.",
      "sign-out": "Whoever signs out here can sign out there too.",
      "back-channel-logout": "The provider tells when somebody signs out there.",
      answer: "It belongs to this sign-in, and brought a code.",
      exchange: "The provider accepts them.",
      "id-token": "It came, and can be read.",
      times: "The token is good now.",
      issuer: "The token is from this provider.",
      audience: "The token is meant for this application.",
      nonce: "The token belongs to this sign-in.",
      signature: "It fits a key that the provider publishes.",
      "access-token": "It belongs to the ID token.",
      userinfo: "What was needed came.",
      "second-factor": "It was shown, or the provider is trusted with it.",
      requirements: "Each has the value it must have.",
      groups: "They could be read.",
      role: "The groups give one.",
      account: "There is one, or it would be made.",
    },
    fact: {
      host: "Host",
      status: "Status",
      error: "The provider’s word",
      claim: "Claim",
      missing: "Missing",
      answer: "Its answer",
      issuer: "Issuer",
      providerAheadSeconds: "Seconds that the provider’s clock is ahead",
      leeway: "Seconds allowed",
      offered: "Offered",
      keys: "Keys",
      mode: "Answer",
      scopes: "Scopes",
    },
  },
  trial: {
    passed: "The trial went well: {{name}} can be relied on",
    failed: "The trial failed",
    passedLead: "Whoever signs in like you did gets in. You were not signed in by it.",
    refused: "The trial came to nothing",
    at: "Tried {{at}}",
    follows: "What would follow",
    role: "Role",
    roleNone: "None",
    sites: "Sites",
    everySite: "Every site",
    account: "Account",
    accounts: {
      known: "There is one, connected with this account of the provider",
      "would-be-made": "One would be made at the first sign-in",
      none: "There is none, and none would be made",
      unknown: "Not looked at",
    },
    groups: "Groups that came",
    groupsNone: "None came.",
    groupsUnread: "Not looked at, because of what is wrong before. The claims may show them.",
    mapped: "Gives the role {{role}}",
    map: "Map this group",
    mapOne: "Map this group: {{group}}",
    claims: "Claims as they came",
    claimsNone: "None came.",
    close: "Close the report",
    gone: "This report is not there any more",
    goneDetail: "Only your own last trial is kept. Try a sign-in again.",
    doubtLead: "It is set up well, but whoever signed in like this would not get in here.",
    ownAccount: "Your account",
  },
  directory: {
    open: "Directory (SCIM)",
    title: "Directory of {{name}}",
    lead:
      "The provider can send people and groups by itself (SCIM 2.0). Whoever leaves the company loses account and sessions at once, without signing in anywhere.",
    notRoles:
      "As it is set up now, groups that are sent decide nothing. Under Edit, let roles come from its directory.",
    address: "Address (tenant URL, base URL)",
    token: "Key (secret token)",
    tokenLead: "Shown this once. Copy it to the provider now.",
    key: "Key",
    keyNone: "None yet: nothing can be sent",
    expires: "Good until",
    lastUsed: "Last used",
    neverUsed: "Never",
    people: "People sent",
    peopleCount_zero: "Nobody yet",
    peopleCount_one: "{{count, number}}, of whom {{withAccount, number}} have an account",
    peopleCount_other: "{{count, number}}, of whom {{withAccount, number}} have an account",
    make: "Make a key",
    renew: "Make a new key",
    renewTitle: "Make a new key?",
    renewDetail: "The one the provider has now works no longer, until you have given it the new one.",
    end: "End the key",
    endTitle: "End the key?",
    endDetail: "The provider can send nothing more. Accounts stay as they are.",
    ended: "The key was ended",
    groups: "Groups sent",
    groupsNone: "No group was sent yet.",
    members_one: "{{count, number}} person",
    members_other: "{{count, number}} people",
    mapped: "gives a role",
    unmapped: "gives no role",
  },
  policy: {
    title: "How people sign in",
    lead:
      "Passkeys and the company sign-in are always possible, unless the last of the three is chosen. A stricter choice is taken only where it locks nobody out.",
    readOnly: "Only an owner can change this.",
    ways: {
      any: "Password and code too",
      passkey: "Passkey, no password",
      sso: "Company sign-in only",
    },
    driverNote: "A driver needs an account at the provider for this, connected by their invitation.",
    needs: "For company sign-in only, two things have to be so:",
    needsPasskeys: "For passkeys, one thing has to be so:",
    provider: "An enabled provider was tried as it is set up now.",
    providerNext: { try: "Try a sign-in, above.", enable: "Enable it, above." },
    glass:
      "An owner has an account for emergencies, and signed in to it by password and code in the last 90 days.",
    glassNext: "Choose one under People.",
    passkeys: "Everybody of the role has a passkey. It is looked at when you save.",
    met: "Done",
    unmet: "Missing",
    whenSaved: "Seen on saving",
    save: "Save",
    saved: "Saved; it holds from the next sign-in on",
  },
};
