package roster

// Verb is something that can be done, by the name of its mutation.
type Verb string

// The verbs of the write road.
const (
	AccountSignUp           Verb = "accountSignUp"
	AccountCreate           Verb = "accountCreate"
	ContactCreate           Verb = "contactCreate"
	ContactUpdate           Verb = "contactUpdate"
	ContactDelete           Verb = "contactDelete"
	ContactVerificationSend Verb = "contactVerificationSend"
	ContactPermissionsSet   Verb = "contactPermissionsSet"
	AccountPermissionsSet   Verb = "accountPermissionsSet"
	ContactVerify           Verb = "contactVerify"
	AccountRoleAssign       Verb = "accountRoleAssign"
	AccountRoleClear        Verb = "accountRoleClear"
	SupportContactsSet      Verb = "accountSupportContactsSet"
	SupportContactAdd       Verb = "supportContactAdd"
	SupportContactRemove    Verb = "supportContactRemove"
	IssueReportCreate       Verb = "issueReportCreate"
	SessionCreate           Verb = "sessionCreate"
	SessionRevoke           Verb = "sessionRevoke"
	PasswordResetRequest    Verb = "passwordResetRequest"
	PasswordReset           Verb = "passwordReset"
	PasswordChange          Verb = "passwordChange"
	SessionsRevokeOthers    Verb = "sessionsRevokeOthers"
	ViewerUpdate            Verb = "viewerUpdate"
	ContactUnlock           Verb = "contactUnlock"
	StaffCreate             Verb = "staffCreate"
	PartnerCreate           Verb = "partnerCreate"
	PartnerUserInvite       Verb = "partnerUserInvite"
	APITokenCreate          Verb = "apiTokenCreate"
)

// staffLevel is how much of the vendor's staff may do something.
type staffLevel int

const (
	noStaff staffLevel = iota
	staffAdmins
	anyStaff
)

// writeRule is one row of the table: who may run a verb.
type writeRule struct {
	public      bool        // needs no session: the link or the password decides
	person      bool        // every person with a session, on their own things
	own         bool        // a contact on its own record
	role        ContactRole // a contact that holds this role
	permission  Permission  // a contact that effectively has this permission
	ifPartner   bool        // contacts only where a partner created the account (ML-15)
	partner     bool        // users of the account's partner, and tokens with WRITE
	staff       staffLevel
	commandLine bool // only `roster ...` on the vendor's own machine
}

// writes is who may do what. Everything not granted here is refused.
func writes() map[Verb]writeRule {
	return map[Verb]writeRule{
		AccountSignUp:           {public: true},
		ContactVerify:           {public: true},
		SessionCreate:           {public: true},
		SessionRevoke:           {person: true},
		PasswordResetRequest:    {public: true},
		PasswordReset:           {public: true},
		PasswordChange:          {person: true},
		SessionsRevokeOthers:    {person: true},
		ViewerUpdate:            {person: true},
		AccountCreate:           {partner: true, staff: staffAdmins},
		ContactCreate:           {permission: ManageContacts, staff: anyStaff},
		ContactUpdate:           {permission: ManageContacts, own: true, staff: anyStaff},
		ContactDelete:           {role: Primary, staff: anyStaff},
		ContactVerificationSend: {permission: ManageContacts, staff: anyStaff},
		ContactUnlock:           {role: Primary, staff: anyStaff},
		ContactPermissionsSet:   {permission: ManageContacts, staff: anyStaff},
		AccountPermissionsSet:   {staff: staffAdmins},
		AccountRoleAssign:       {role: Primary, staff: staffAdmins},
		AccountRoleClear:        {role: Primary, staff: staffAdmins},
		SupportContactsSet:      {permission: ManageContacts, ifPartner: true, partner: true, staff: anyStaff},
		SupportContactAdd:       {permission: ManageContacts, ifPartner: true, partner: true, staff: anyStaff},
		SupportContactRemove:    {permission: ManageContacts, ifPartner: true, partner: true, staff: anyStaff},
		IssueReportCreate:       {permission: OpenTickets, staff: anyStaff},
		StaffCreate:             {commandLine: true},
		PartnerCreate:           {commandLine: true},
		PartnerUserInvite:       {commandLine: true},
		APITokenCreate:          {commandLine: true},
	}
}

// On is what a verb is run on: the locked account (nil for a verb that is about
// none), the contact that is the target (zero where it is none), and the field
// of the input that named them.
type On struct {
	Account *AccountState
	Contact ContactID
	Field   string
}

// May tells whether who may run the verb there. What the actor may not see
// answers NOT_FOUND, what they may see but not do a Denial. Who the actor is in
// the account is taken from the account as locked, so that of two transfers at
// once only the first one's giver still holds.
func May(who Actor, verb Verb, on On) error {
	rule := writes()[verb]
	switch {
	case rule.public, rule.commandLine && who.CommandLine:
		return nil
	case !who.SignedIn():
		return SignInFirst()
	case on.Account == nil:
		return mayAnywhere(who, rule)
	}
	place, seen := placeIn(who, on.Account)
	if !seen {
		return Nothing(on.Field)
	}
	return mayIn(who, rule, place, on)
}

// mayAnywhere judges a verb that is about no account yet.
func mayAnywhere(who Actor, rule writeRule) error {
	switch {
	case rule.person && !who.IsToken(),
		rule.staff.allows(who.Staff),
		rule.partner && who.IsPartner() && !who.IsToken():
		return nil
	}
	return tokenMay(who, rule)
}

// mayIn judges a verb on an account that the actor sees.
func mayIn(who Actor, rule writeRule, place Standing, on On) error {
	rights := Effective(place)
	holds := rule.permission != "" && rights.Has(rule.permission) ||
		rule.role != "" && RolesAre(place.Roles).Has(rule.role)
	switch {
	case rule.staff.allows(who.Staff):
		return nil
	case rule.partner && who.IsPartner() && !who.IsToken() && on.Account.PartnerID == who.Partner.Partner:
		return nil
	case rule.own && place.Contact == on.Contact && !on.Contact.IsZero():
		return nil
	case holds && rule.ifPartner && on.Account.Origin != OriginPartner:
		return Problem{Code: AccountNotPartnerCreated,
			Message: "The support contacts of this account are kept by the vendor, since no partner created it. Ask the vendor's support to change them."}.At("accountId")
	case holds:
		return nil
	}
	return tokenMay(who, rule)
}

// tokenMay judges what only a token could still be allowed; for everybody else
// it is the refusal, which names the permission that is lacking.
func tokenMay(who Actor, rule writeRule) error {
	switch {
	case who.IsToken() && rule.partner && who.Token.Has(ScopeWrite):
		return nil
	case who.IsToken() && rule.partner:
		return Denial{Code: InsufficientScope, Message: "This token may only read. Use one with the scope WRITE."}
	case rule.permission != "":
		return Denial{Code: Forbidden, Required: []Permission{rule.permission}, Message: "You may not do this."}
	}
	return Denial{Code: Forbidden, Message: "You may not do this."}
}

// placeIn is the actor's standing in the locked account, and whether the
// account exists for the actor at all.
func placeIn(who Actor, s *AccountState) (Standing, bool) {
	if !who.IsToken() {
		for _, c := range s.Contacts {
			if c.PersonID == who.Person && !who.Person.IsZero() && c.Verified() {
				return s.Standing(&c), true
			}
		}
	}
	return Standing{}, who.IsStaff() || who.IsPartner() && s.PartnerID == who.Partner.Partner
}

func (l staffLevel) allows(place StaffPlace) bool {
	return !place.User.IsZero() && (l == anyStaff || l == staffAdmins && place.Admin)
}

// SignInFirst answers whoever has no session, or whose places are all gone.
func SignInFirst() Denial {
	return Denial{Code: Unauthenticated, Message: "Sign in first, or send a token that is still good."}
}

// Thing is something that is read, by the field of the API that answers it.
type Thing string

// The things of the read road.
const (
	ReadAccount         Thing = "Account"
	ReadContacts        Thing = "Account.contacts"
	ReadSupportContacts Thing = "Account.supportContacts"
	ReadIssueReports    Thing = "Account.issueReports"
	ReadDeliveries      Thing = "IssueReport.deliveries"
	ReadAudit           Thing = "Account.auditEvents"
	ReadCeiling         Thing = "Account.permissions"
	ReadPartner         Thing = "Partner"
	ReadPartnerUser     Thing = "Partner.users"
	ReadPerson          Thing = "Person"
	ReadSessions        Thing = "Viewer.sessions"
	ReadStaffUser       Thing = "StaffUser"
	ReadCatalogue       Thing = "Application"
)

// readRule is one row of the table: who sees a thing. A contact's reach is the
// widest of the four that apply; staff see everything that is not private.
type readRule struct {
	contact    Reach         // every verified contact of the account
	roles      []ContactRole // holders of these roles see all
	permission Permission    // whoever effectively has this permission sees byPermission
	byPerm     Reach
	partner    Reach // users of the account's partner, and its tokens
	self       bool  // every person, of themselves
	everybody  bool  // whoever is signed in
	private    bool  // the vendor's staff see no more than anybody
}

// reads is who sees what. What is not granted here is not seen.
func reads() map[Thing]readRule {
	return map[Thing]readRule{
		ReadAccount:         {contact: SeesAll, partner: SeesAll},
		ReadContacts:        {contact: SeesOwn, permission: ManageContacts, byPerm: SeesAll},
		ReadSupportContacts: {roles: []ContactRole{Technical}, permission: ManageContacts, byPerm: SeesAll, partner: SeesAll},
		ReadIssueReports:    {contact: SeesOwn, permission: ViewTickets, byPerm: SeesAll, partner: SeesAll},
		ReadDeliveries:      {roles: []ContactRole{Technical, Primary}, permission: ManageContacts, byPerm: SeesOwn, partner: SeesAll},
		ReadAudit:           {permission: ManageContacts, byPerm: SeesAll},
		ReadCeiling:         {roles: []ContactRole{Primary}},
		ReadPartner:         {partner: SeesAll},
		ReadPartnerUser:     {partner: SeesAll},
		ReadPerson:          {self: true},
		ReadSessions:        {self: true, private: true},
		ReadStaffUser:       {self: true},
		ReadCatalogue:       {everybody: true},
	}
}

// Effective is the one function that says what a contact may: what the roles
// bring and what was granted, within the account's ceiling, each only with what
// it requires, once the contact is verified.
func Effective(s Standing) Rights {
	rights := Rights{standing: s, brought: s.Brought()}
	if !s.Verified {
		return rights
	}
	within := rights.brought & s.Ceiling
	rights.counts = within
	for _, p := range within.List() {
		if needed := p.Requires(); needed != "" && !within.Has(needed) {
			rights.counts &^= Permissions(p)
		}
	}
	return rights
}
