package roster

// Rights are a contact's effective permissions, with what each comes from.
type Rights struct {
	standing Standing
	brought  PermissionSet
	counts   PermissionSet
}

// Set is the permissions that count.
func (r Rights) Set() PermissionSet { return r.counts }

// Has tells whether the permission counts.
func (r Rights) Has(p Permission) bool { return r.counts.Has(p) }

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
		answers = append(answers, PermissionAnswer{Permission: p, Granted: r.brought.Has(p), Effective: r.Has(p), Reasons: r.why(p)})
	}
	return answers
}

// why is what brings the permission, and then what keeps it from counting.
func (r Rights) why(p Permission) []AccessReason {
	var reasons []AccessReason
	for _, role := range r.standing.Roles {
		if role.Bundle().Has(p) {
			reasons = append(reasons, grantedBy(role))
		}
	}
	if r.standing.Granted.Has(p) {
		reasons = append(reasons, AccessReason{Code: GrantedExplicitly, Permission: &p, Message: "It was granted to this contact."})
	}
	if len(reasons) == 0 {
		reasons = append(reasons, AccessReason{Code: NotGranted, Permission: &p, Message: "No role of this contact brings it, and it was not granted."})
	}
	return append(reasons, r.obstacles(p)...)
}

// obstacles are what keeps a permission that was granted from counting. Nothing
// is said of the ceiling where there is nothing for it to cap.
func (r Rights) obstacles(p Permission) (reasons []AccessReason) {
	if r.brought.Has(p) && !r.standing.Ceiling.Has(p) {
		reasons = append(reasons, AccessReason{Code: CappedByAccount, Permission: &p,
			Message: "The account itself does not have this permission at the moment; it counts again once the account does."})
	}
	if needed := p.Requires(); needed != "" && r.brought.Has(p) && !(r.brought & r.standing.Ceiling).Has(needed) {
		reasons = append(reasons, AccessReason{Code: RequiresPermission, Permission: &needed,
			Message: "It counts only together with " + string(needed) + "."})
	}
	if !r.standing.Verified {
		reasons = append(reasons, unverifiedReason())
	}
	return reasons
}
