public import Encoding

/// What can be done here and is worth an entry in the ledger.
public enum Act: String, Sendable, CaseIterable {
  /// The platform's first start: keys made, policy set.
  case found
  case push, inspect, lift
  /// A model was held against a plan of tests.
  case test
  case gate, sign, pack
  case rollOut = "roll-out"
  /// A name was taken back to the version that served it before.
  case rollBack = "roll-back"
  /// A version begins to come into service by steps.
  case beginRollOut = "begin-roll-out"
  /// It answers more callers.
  case stepRollOut = "step-roll-out"
  /// It stays where it is until a person says yes.
  case holdRollOut = "hold-roll-out"
  /// It does not come into service: what there was before answers everybody again.
  case undoRollOut = "undo-roll-out"
  /// By which steps versions of a deployment come into service was set.
  case planRollOuts = "plan-roll-outs"
  /// Several versions share the callers of a deployment from here on, or are asked in the shadow; or no more.
  case share
  /// What deployments are to be was set.
  case apply
  case createKey = "create-key"
  case revokeKey = "revoke-key"
  /// Whose tokens are taken was set, or with which keys.
  case setIssuer = "set-issuer"
  case removeIssuer = "remove-issuer"
  /// How a deployment answers was set.
  case setPolicy = "set-policy"
  case setAlias = "set-alias"
  case removeAlias = "remove-alias"
  /// A data plane process was started, adopted or replaced.
  case supervise
  /// What a crash left half done was put in order.
  case recover
  /// A segment of access records was taken over from a data plane.
  case keepRecords = "keep-records"
  /// A key that seals came to be known: the first, a new one, or somebody else's.
  case addSealKey = "add-seal-key"
  case retireSealKey = "retire-seal-key"
  case revokeSealKey = "revoke-seal-key"
  case revokeVersion = "revoke-version"
  /// A version was sealed again, by the key that is active.
  case reseal
  /// A list of what was revoked was signed, for images.
  case signRevocations = "sign-revocations"
  /// A manifest was put into a repository, or a tag was moved to one.
  case publishManifest = "publish-manifest"
  case removeManifest = "remove-manifest"
  case removeTag = "remove-tag"
  /// Blobs that nothing needs were removed.
  case collect
  /// A person or a service came to be known.
  case addPrincipal = "add-principal"
  /// A principal is known no more, and what there was to know of a person was erased.
  case removePrincipal = "remove-principal"
  case grant
  case removeGrant = "remove-grant"
  /// A key was made with which a principal asks the control plane.
  case createAPIKey = "create-api-key"
  /// A key of a principal was given an end.
  case endAPIKey = "end-api-key"
  /// Whose word is taken for who somebody is was set, or with which keys.
  case setProvider = "set-provider"
  case removeProvider = "remove-provider"
  case addProject = "add-project"
  case assignModel = "assign-model"
  /// What is said of a model beside its versions was set.
  case setFacts = "set-facts"
  /// A policy was proposed, taken off the table, or came into force.
  case proposePolicy = "propose-policy"
  case withdrawPolicy = "withdraw-policy"
  case applyPolicy = "apply-policy"
  /// Somebody said yes or no to a version.
  case approve
  /// A version began to wait for its gates, or waits no more without being served.
  case wait
  /// Addresses that the ledger's handles stood for were erased.
  case forgetOrigins = "forget-origins"
  /// Whom the platform tells what happens here was added, or is told no more.
  case addWebhook = "add-webhook"
  case removeWebhook = "remove-webhook"
  /// An event was sent to one of them once more.
  case redeliver
  /// Who is asked to cosign checkpoints of the ledger was added, or is asked no more.
  case addWitness = "add-witness"
  case removeWitness = "remove-witness"
  /// A witness said what contradicts the ledger, or would not have it be the one that it saw.
  case cosign
  /// Somebody decided what becomes of a threat of a model.
  case decideThreat = "decide-threat"
  /// Advisories came into force.
  case importAdvisories = "import-advisories"
  /// A process that serves was replaced by a new one, or was not when it was to be.
  case repave
  /// When processes are replaced was set.
  case scheduleRepaves = "schedule-repaves"
  /// Live data are no longer like those of training, or are again.
  case alert
  /// Somebody said what turned out to be true of rows that were predicted for.
  case giveFeedback = "give-feedback"
  /// Something is the matter that people are told of, or is no more.
  case beginAlert = "begin-alert"
  case endAlert = "end-alert"
  /// Somebody has taken an alert on.
  case acknowledgeAlert = "acknowledge-alert"
  /// Nobody is told of some alerts for a while, or is again.
  case silenceAlerts = "silence-alerts"
  case endSilence = "end-silence"
  /// Rules of alerts came into force.
  case applyAlertRules = "apply-alert-rules"
  /// Who is told of alerts was added, or is told no more.
  case addReceiver = "add-receiver"
  case removeReceiver = "remove-receiver"
  /// The platform's data come from a backup.
  case restore
  /// What the platform is there for was said.
  case setEnvironment = "set-environment"
  /// A version may go to another environment, as was signed.
  case promote
  /// A version that is here was promoted from another environment.
  case takePromotion = "take-promotion"
  /// Something was asked for, and refused before it became an act.
  case request
}

/// How far an act had come when its entry was written.
public enum ActPhase: String, Sendable {
  /// Written before the effect: from here on the effect may have happened.
  case begun
  /// Written after the effect: it has happened and is durable.
  case done
  /// Written instead of `done`: it did not happen, and why.
  case failed
}

/// One entry of the ledger: who did what to which thing, when, and how it ended.
public struct LedgerEntry: Equatable, Sendable {
  /// When it was written.
  public let time: Timestamp
  /// Who acted.
  public let principal: Principal
  /// What was done.
  public let act: Act
  /// How far it had come.
  public let phase: ActPhase
  /// What it was done to: `iris@3`, a digest, a key id.
  public let subject: String
  /// Ties the entries of one undertaking together, from the push to the roll-out.
  public let trace: String
  /// What else is to be known; never a secret, never a row of data.
  public let details: [String: JSON]

  /// Writes down one act.
  public init(
    time: Timestamp, principal: Principal, act: Act, phase: ActPhase, subject: String, trace: String,
    details: [String: JSON] = [:]
  ) {
    self.time = time
    self.principal = principal
    self.act = act
    self.phase = phase
    self.subject = subject
    self.trace = trace
    self.details = details
  }

  /// The entry as reports carry it.
  public var json: JSON {
    [
      "time": .integer(time.milliseconds), "principal": .string(principal.description),
      "act": .string(act.rawValue), "phase": .string(phase.rawValue), "subject": .string(subject),
      "trace": .string(trace), "details": .object(details),
    ]
  }

  /// The bytes that the ledger's Merkle tree hashes.
  public var canonicalBytes: [UInt8] { json.canonicalBytes }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let time = json["time"]?.integer,
      let principal = json["principal"]?.string.flatMap(Principal.init(parsing:)),
      let act = json["act"]?.string.flatMap(Act.init(rawValue:)),
      let phase = json["phase"]?.string.flatMap(ActPhase.init(rawValue:)),
      let subject = json["subject"]?.string, let trace = json["trace"]?.string,
      let details = json["details"]?.object
    else { return nil }
    self.init(
      time: Timestamp(milliseconds: time), principal: principal, act: act, phase: phase,
      subject: subject, trace: trace, details: details)
  }
}
