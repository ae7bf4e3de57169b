package roster

// Rights are a contact's effective permissions, with what each comes from.
type Rights struct {
	standing Standing
	granted  PermissionSet
	ceiling  PermissionSet
}

// Set is the permissions that count.
func (r Rights) Set() PermissionSet {
	if !r.standing.Verified {
		return 0
	}
	return r.granted & r.ceiling
}

// Has tells whether the permission counts.
func (r Rights) Has(p Permission) bool { return r.Set().Has(p) }

// PermissionAnswer says of one permission whether it was granted, whether it
// counts, and why.
type PermissionAnswer struct {
	Permission Permission
	Granted    bool
	Effective  bool
	Reasons    []AccessReason
}

// Explain answers for all twenty.
func (r Rights) Explain() []PermissionAnswer {
	var answers []PermissionAnswer
	for _, p := range AllPermissions() {
		answers = append(answers, PermissionAnswer{Permission: p, Granted: r.granted.Has(p), Effective: r.Has(p), Reasons: r.why(p)})
	}
	return answers
}

func (r Rights) why(p Permission) []AccessReason {
	var reasons []AccessReason
	for _, role := range r.standing.Roles {
		if role.Bundle().Has(p) {
			reasons = append(reasons, grantedBy(role))
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, AccessReason{Code: NotGranted, Permission: &p, Message: "No role of this contact brings it."})
	}
	if !r.standing.Verified {
		reasons = append(reasons, unverifiedReason())
	}
	return reasons
}
