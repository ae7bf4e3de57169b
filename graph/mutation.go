package graph

import (
	"context"

	"roster/graph/internal/gen"
	"roster/internal/roster"
)

type mutation struct{ *resolver }

func (r *resolver) Mutation() gen.MutationResolver { return mutation{r} }

// shown reads what a mutation answers, once it was made.
func shown[K comparable, V any](ctx context.Context, problems []*roster.Problem, err error, id K, read func(context.Context, K) (*V, error)) (*V, error) {
	if err != nil || len(problems) > 0 {
		return nil, err
	}
	return read(ctx, id)
}

func (m mutation) AccountSignUp(ctx context.Context, in roster.AccountSignUpInput) (*gen.AccountSignUpPayload, error) {
	problems, err := userErrors(m.Actions.AccountSignUp(ctx, who(ctx), in))
	return &gen.AccountSignUpPayload{UserErrors: problems}, err
}

func (m mutation) AccountCreate(ctx context.Context, in roster.AccountCreateInput) (*gen.AccountCreatePayload, error) {
	id, err := m.Actions.AccountCreate(ctx, who(ctx), in)
	problems, err := userErrors(err)
	account, err := shown(ctx, problems, err, id, accountByID)
	return &gen.AccountCreatePayload{Account: account, UserErrors: problems}, err
}

func (m mutation) SessionCreate(ctx context.Context, in roster.SessionCreateInput) (*gen.SessionCreatePayload, error) {
	signedIn, secret, err := m.Actions.SessionCreate(ctx, who(ctx), in)
	problems, err := userErrors(err)
	if err != nil || len(problems) > 0 {
		return &gen.SessionCreatePayload{UserErrors: problems}, err
	}
	m.Cookies.SetSession(ctx, secret)
	become(ctx, signedIn)
	return &gen.SessionCreatePayload{Viewer: &signedIn, UserErrors: problems}, nil
}

func (m mutation) SessionRevoke(ctx context.Context, in roster.SessionRevokeInput) (*gen.SessionRevokePayload, error) {
	problems, err := userErrors(m.Actions.SessionRevoke(ctx, who(ctx), in))
	if err == nil && len(problems) == 0 && in.SessionID == nil {
		m.Cookies.ClearSession(ctx)
	}
	return &gen.SessionRevokePayload{UserErrors: problems}, err
}

func (m mutation) PasswordResetRequest(ctx context.Context, in roster.PasswordResetRequestInput) (*gen.PasswordResetRequestPayload, error) {
	problems, err := userErrors(m.Actions.PasswordResetRequest(ctx, who(ctx), in))
	return &gen.PasswordResetRequestPayload{UserErrors: problems}, err
}

func (m mutation) PasswordReset(ctx context.Context, in roster.PasswordResetInput) (*gen.PasswordResetPayload, error) {
	problems, err := userErrors(m.Actions.PasswordReset(ctx, who(ctx), in))
	return &gen.PasswordResetPayload{UserErrors: problems}, err
}

func (m mutation) PasswordChange(ctx context.Context, in roster.PasswordChangeInput) (*gen.PasswordChangePayload, error) {
	problems, err := userErrors(m.Actions.PasswordChange(ctx, who(ctx), in))
	return &gen.PasswordChangePayload{UserErrors: problems}, err
}

func (m mutation) SessionsRevokeOthers(ctx context.Context, in roster.SessionsRevokeOthersInput) (*gen.SessionsRevokeOthersPayload, error) {
	problems, err := userErrors(m.Actions.SessionsRevokeOthers(ctx, who(ctx), in))
	viewer, err := shown(ctx, problems, err, struct{}{}, m.viewer)
	return &gen.SessionsRevokeOthersPayload{Viewer: viewer, UserErrors: problems}, err
}

func (m mutation) ViewerUpdate(ctx context.Context, in roster.ViewerUpdateInput) (*gen.ViewerUpdatePayload, error) {
	problems, err := userErrors(m.Actions.ViewerUpdate(ctx, who(ctx), in))
	viewer, err := shown(ctx, problems, err, struct{}{}, m.viewer)
	return &gen.ViewerUpdatePayload{Viewer: viewer, UserErrors: problems}, err
}

// viewer is whoever asks, as of after the change.
func (m mutation) viewer(ctx context.Context, _ struct{}) (*roster.Actor, error) {
	return query(m).Viewer(ctx)
}

func (m mutation) ContactCreate(ctx context.Context, in roster.ContactCreateInput) (*gen.ContactCreatePayload, error) {
	id, err := m.Actions.ContactCreate(ctx, who(ctx), in)
	problems, err := userErrors(err)
	contact, err := shown(ctx, problems, err, id, contactByID)
	return &gen.ContactCreatePayload{Contact: contact, UserErrors: problems}, err
}

func (m mutation) ContactUpdate(ctx context.Context, in roster.ContactUpdateInput) (*gen.ContactUpdatePayload, error) {
	problems, err := userErrors(m.Actions.ContactUpdate(ctx, who(ctx), in))
	contact, err := shown(ctx, problems, err, roster.ParseID[roster.ContactID](in.ContactID), contactByID)
	return &gen.ContactUpdatePayload{Contact: contact, UserErrors: problems}, err
}

func (m mutation) ContactDelete(ctx context.Context, in roster.ContactDeleteInput) (*gen.ContactDeletePayload, error) {
	gone, err := m.Actions.ContactDelete(ctx, who(ctx), in)
	problems, err := userErrors(err)
	payload := &gen.ContactDeletePayload{Released: gone.Released, UserErrors: problems}
	if err != nil || len(problems) > 0 {
		payload.Released = []string{}
		return payload, err
	}
	id := gone.Contact.String()
	payload.DeletedContactID = &id
	payload.Account, err = accountByID(ctx, gone.Account)
	return payload, err
}

func (m mutation) ContactVerificationSend(ctx context.Context, in roster.ContactVerificationSendInput) (*gen.ContactVerificationSendPayload, error) {
	problems, err := userErrors(m.Actions.ContactVerificationSend(ctx, who(ctx), in))
	contact, err := shown(ctx, problems, err, roster.ParseID[roster.ContactID](in.ContactID), contactByID)
	return &gen.ContactVerificationSendPayload{Contact: contact, UserErrors: problems}, err
}

func (m mutation) ContactUnlock(ctx context.Context, in roster.ContactUnlockInput) (*gen.ContactUnlockPayload, error) {
	problems, err := userErrors(m.Actions.ContactUnlock(ctx, who(ctx), in))
	contact, err := shown(ctx, problems, err, roster.ParseID[roster.ContactID](in.ContactID), contactByID)
	return &gen.ContactUnlockPayload{Contact: contact, UserErrors: problems}, err
}

func (m mutation) ContactVerify(ctx context.Context, in roster.ContactVerifyInput) (*gen.ContactVerifyPayload, error) {
	problems, err := userErrors(m.Actions.ContactVerify(ctx, who(ctx), in))
	return &gen.ContactVerifyPayload{UserErrors: problems}, err
}

func (m mutation) ContactPermissionsSet(ctx context.Context, in roster.ContactPermissionsSetInput) (*gen.ContactPermissionsSetPayload, error) {
	problems, err := userErrors(m.Actions.ContactPermissionsSet(ctx, who(ctx), in))
	contact, err := shown(ctx, problems, err, roster.ParseID[roster.ContactID](in.ContactID), contactByID)
	return &gen.ContactPermissionsSetPayload{Contact: contact, UserErrors: problems}, err
}

func (m mutation) AccountPermissionsSet(ctx context.Context, in roster.AccountPermissionsSetInput) (*gen.AccountPermissionsSetPayload, error) {
	problems, err := userErrors(m.Actions.AccountPermissionsSet(ctx, who(ctx), in))
	account, err := shown(ctx, problems, err, roster.ParseID[roster.AccountID](in.AccountID), accountByID)
	return &gen.AccountPermissionsSetPayload{Account: account, UserErrors: problems}, err
}

func (m mutation) AccountRoleAssign(ctx context.Context, in roster.AccountRoleAssignInput) (*gen.AccountRoleAssignPayload, error) {
	id, err := m.Actions.AccountRoleAssign(ctx, who(ctx), in)
	problems, err := userErrors(err)
	account, err := shown(ctx, problems, err, id, accountByID)
	payload := &gen.AccountRoleAssignPayload{Account: account, UserErrors: problems}
	if err == nil && len(problems) == 0 {
		payload.Viewer, err = query(m).Viewer(ctx)
	}
	return payload, err
}

func (m mutation) AccountRoleClear(ctx context.Context, in roster.AccountRoleClearInput) (*gen.AccountRoleClearPayload, error) {
	problems, err := userErrors(m.Actions.AccountRoleClear(ctx, who(ctx), in))
	account, err := shown(ctx, problems, err, roster.ParseID[roster.AccountID](in.AccountID), accountByID)
	return &gen.AccountRoleClearPayload{Account: account, UserErrors: problems}, err
}

func (m mutation) AccountSupportContactsSet(ctx context.Context, in roster.AccountSupportContactsSetInput) (*gen.AccountSupportContactsSetPayload, error) {
	problems, err := userErrors(m.Actions.AccountSupportContactsSet(ctx, who(ctx), in))
	account, err := shown(ctx, problems, err, roster.ParseID[roster.AccountID](in.AccountID), accountByID)
	return &gen.AccountSupportContactsSetPayload{Account: account, UserErrors: problems}, err
}

func (m mutation) SupportContactAdd(ctx context.Context, in roster.SupportContactAddInput) (*gen.SupportContactAddPayload, error) {
	id, err := m.Actions.SupportContactAdd(ctx, who(ctx), in)
	problems, err := userErrors(err)
	sc, err := shown(ctx, problems, err, id, supportContactByID)
	if err != nil {
		return nil, err
	}
	account, err := shown(ctx, problems, err, roster.ParseID[roster.AccountID](in.AccountID), accountByID)
	return &gen.SupportContactAddPayload{SupportContact: sc, Account: account, UserErrors: problems}, err
}

func (m mutation) SupportContactRemove(ctx context.Context, in roster.SupportContactRemoveInput) (*gen.SupportContactRemovePayload, error) {
	id, err := m.Actions.SupportContactRemove(ctx, who(ctx), in)
	problems, err := userErrors(err)
	account, err := shown(ctx, problems, err, id, accountByID)
	return &gen.SupportContactRemovePayload{Account: account, UserErrors: problems}, err
}

func (m mutation) IssueReportCreate(ctx context.Context, in roster.IssueReportCreateInput) (*gen.IssueReportCreatePayload, error) {
	id, err := m.Actions.IssueReportCreate(ctx, who(ctx), in)
	problems, err := userErrors(err)
	report, err := shown(ctx, problems, err, id, reportByID)
	return &gen.IssueReportCreatePayload{IssueReport: report, UserErrors: problems}, err
}
