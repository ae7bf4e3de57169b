package roster

// Application is something of the vendor's that a contact can open.
type Application struct {
	Key      string `bun:",pk"`
	Name     string
	Position int
}

// ApplicationRule opens an application: to the holder of a role, to whoever has
// a permission, or to every verified contact where both are empty. Staff edit
// them; they are data (MI-8).
type ApplicationRule struct {
	ApplicationKey string
	Role           ContactRole `bun:",nullzero"`
	Permission     Permission  `bun:",nullzero"`
}

// ApplicationAccess says whether a contact can open an application, and why.
type ApplicationAccess struct {
	Application Application
	Allowed     bool
	GrantedBy   []ContactRole
	Reason      AccessReason
}

// AccessReasonCode is what a program reads in an AccessReason.
type AccessReasonCode string

// The reasons.
const (
	GrantedByRole       AccessReasonCode = "GRANTED_BY_ROLE"
	GrantedByPermission AccessReasonCode = "GRANTED_BY_PERMISSION"
	GrantedExplicitly   AccessReasonCode = "GRANTED_EXPLICITLY"
	OpenToEveryContact  AccessReasonCode = "OPEN_TO_EVERY_CONTACT"
	NotGranted          AccessReasonCode = "NOT_GRANTED"
	CappedByAccount     AccessReasonCode = "CAPPED_BY_ACCOUNT"
	RequiresPermission  AccessReasonCode = "REQUIRES"
	ContactUnverified   AccessReasonCode = "CONTACT_UNVERIFIED"
)

// AccessReason is one link in the chain of why something is allowed or not.
type AccessReason struct {
	Code       AccessReasonCode
	Role       *ContactRole
	Permission *Permission
	Message    string
}

// Catalogue is the vendor's applications with what opens them.
type Catalogue struct {
	Applications []Application
	Rules        []ApplicationRule
}

// Has tells whether the catalogue has the application.
func (c Catalogue) Has(key string) bool { return c.Name(key) != "" }

// Name is the application's name, or empty.
func (c Catalogue) Name(key string) string {
	for _, app := range c.Applications {
		if app.Key == key {
			return app.Name
		}
	}
	return ""
}

// Access answers for every application, in the catalogue's order.
func (c Catalogue) Access(s Standing) []ApplicationAccess {
	rights := Effective(s)
	answers := make([]ApplicationAccess, len(c.Applications))
	for i, app := range c.Applications {
		answers[i] = c.access(app, s, rights)
	}
	return answers
}

func (c Catalogue) access(app Application, s Standing, rights Rights) ApplicationAccess {
	answer := ApplicationAccess{Application: app,
		Reason: AccessReason{Code: NotGranted, Message: "No role or permission of this contact opens it."}}
	if !s.Verified {
		answer.Reason = unverifiedReason()
		return answer
	}
	for _, rule := range c.Rules {
		if rule.ApplicationKey != app.Key {
			continue
		}
		switch {
		case rule.Role != "" && RolesAre(s.Roles).Has(rule.Role) && !c.capped(app, rule.Role, s.Ceiling):
			answer.GrantedBy = append(answer.GrantedBy, rule.Role)
			answer.Allowed, answer.Reason = true, grantedBy(rule.Role)
		case rule.Permission != "" && rights.Has(rule.Permission) && !answer.Allowed:
			answer.Allowed, answer.Reason = true, AccessReason{Code: GrantedByPermission, Permission: &rule.Permission,
				Message: "The contact has the permission " + string(rule.Permission) + "."}
		case rule.Permission != "" && rights.brought.Has(rule.Permission) && !answer.Allowed:
			answer.Reason = rights.obstacles(rule.Permission)[0]
		case rule.Role == "" && rule.Permission == "" && !answer.Allowed:
			answer.Allowed, answer.Reason = true, AccessReason{Code: OpenToEveryContact, Message: "Every verified contact opens it."}
		}
	}
	return answer
}

// capped tells whether a role opens the application in vain: a permission that
// the role brings opens it too, and the account's ceiling leaves that one out. So
// Manage Contacts opens only for who may manage contacts (MI-13, HB-6).
func (c Catalogue) capped(app Application, role ContactRole, ceiling PermissionSet) bool {
	for _, rule := range c.Rules {
		if rule.ApplicationKey == app.Key && rule.Permission != "" && role.Bundle().Has(rule.Permission) && !ceiling.Has(rule.Permission) {
			return true
		}
	}
	return false
}

func grantedBy(role ContactRole) AccessReason {
	return AccessReason{Code: GrantedByRole, Role: &role, Message: "The contact holds the role " + string(role) + "."}
}

func unverifiedReason() AccessReason {
	return AccessReason{Code: ContactUnverified, Message: "The contact has not verified the address yet."}
}
