package remediation

// Why something is not done.
const (
	ReasonPaused      Reason = "paused"       // the kill switch
	ReasonOff         Reason = "off"          // the engine's mode
	ReasonInfo        Reason = "records_only" // a severity that acts on nothing
	ReasonWarning     Reason = "needs_critical"
	ReasonMuted       Reason = "muted"         // by a silence or an inhibition
	ReasonOwnAlert    Reason = "own_alert"     // ours, back through a webhook
	ReasonTooOld      Reason = "alert_too_old" // it began long before it was heard of
	ReasonAhead       Reason = "alert_in_future"
	ReasonNeverFired  Reason = "never_fired"   // it was told only when it had ended
	ReasonNotRepeated Reason = "not_repeated"  // since this engine began, nobody has said that it still fires
	ReasonNoEvidence  Reason = "no_evidence"   // cold start, silence, no events
	ReasonDrains      Reason = "window_drains" // what happens now is fine
	ReasonStorm       Reason = "storm"         // many services at once
	ReasonAdvise      Reason = "advise_only"   // its autonomy is used up
	ReasonInProgress  Reason = "in_progress"   // an action of the playbook is on its way
	ReasonHolding     Reason = "holding"       // one has helped, and holds
	ReasonAllTried    Reason = "all_tried"     // no action is left
	ReasonRepresented Reason = "represented"   // another alert starts the same
	ReasonNoMember    Reason = "no_member"     // the alert has no such label
	ReasonBlast       Reason = "blast_radius"  // more than maxShift
	ReasonMinHealthy  Reason = "min_healthy"   // too few would be left
	ReasonTargetSick  Reason = "target_unhealthy"
	ReasonTargetDark  Reason = "target_unknown"  // requireHealthy selects nothing, or nothing is known of it
	ReasonNoHelp      Reason = "would_not_help"  // where traffic goes to is as bad
	ReasonAtStake     Reason = "budget_at_stake" // if it fails, too much of the budget goes
	ReasonNothingToDo Reason = "nothing_to_do"   // it is as it would be already
	ReasonGateway     Reason = "gateway_unknown"
	ReasonTrouble     Reason = "gateway_trouble"
	ReasonMissing     Reason = "target_missing"
	ReasonRefused     Reason = "gateway_refused"
	ReasonUnavailable Reason = "gateway_unavailable"
	ReasonUnsupported Reason = "unsupported"
	ReasonUncertain   Reason = "gateway_uncertain"
	ReasonConflict    Reason = "changed_meanwhile"
	ReasonNoLonger    Reason = "no_longer_needed"
	ReasonTargetMoved Reason = "target_moved" // the gateway names another one than was reserved
)

// Why an action moves.
const (
	ReasonReserved   Reason = "reserved"
	ReasonApproval   Reason = "approval_required"
	ReasonApproved   Reason = "approved"
	ReasonRejected   Reason = "rejected"
	ReasonNoAnswer   Reason = "no_answer"
	ReasonRehearsed  Reason = "dry_run"
	ReasonPlanned    Reason = "undo_written"
	ReasonLive       Reason = "live"
	ReasonHelped     Reason = "helped"
	ReasonUnproven   Reason = "unproven" // nothing can prove it: held without
	ReasonNotHelped  Reason = "ineffective"
	ReasonElsewhere  Reason = "burns_elsewhere" // what it did not touch burns alike
	ReasonWorse      Reason = "worse"
	ReasonNotShown   Reason = "not_verified" // too few events in time
	ReasonResolved   Reason = "resolved"
	ReasonLeaseEnded Reason = "lease_ended"
	ReasonAsked      Reason = "asked"
	ReasonDrill      Reason = "drill"      // a person tries it, and it is taken back at once
	ReasonUnsettled  Reason = "unsettled"  // some nodes never took it
	ReasonTakenBack  Reason = "taken_back" // the gateway has it no more
	ReasonForeign    Reason = "changed_by_others"
	ReasonRestored   Reason = "restored"
	ReasonStepped    Reason = "stepped"
	ReasonCalm       Reason = "calm"     // a step of the undo made nothing worse
	ReasonRelapsed   Reason = "relapsed" // the undo made it worse three times
)
