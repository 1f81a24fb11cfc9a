import Access
public import Domain
import Encoding
public import Gates
public import Provenance
import Synchronization

/// All that the platform can be asked to do: the use cases behind the command line and the HTTP face.
public final class ControlPlane: Sendable {
  /// What the control plane leans on.
  public struct Parts: Sendable {
    /// Registry and ledger.
    public var registry: any RegistryWriter & RegistryReader & LedgerReader
    /// The bytes of artifacts.
    public var blobs: any BlobStore
    /// The sealed bundles.
    public var bundles: any BundleStore
    /// The segments of access records.
    public var records: any RecordStore
    /// The processes that answer predictions.
    public var plane: any DataPlane
    /// The clocks.
    public var time: any TimeSource
    /// The source of keys and trace ids.
    public var entropy: any Entropy
    /// Where the key sets of issuers are published.
    public var keySets: any KeySetSource
    /// The data plane's program that images are packed with; nil where none are packed.
    public var program: (any ProgramSource)?
    /// The private keys of seals beside the one of the settings.
    public var sealKeys: any SealKeyStore
    /// Who answers what a policy has somebody else decide.
    public var advisor: any PolicyAdvisor
    /// Who runs tests of models.
    public var tester: any ModelTester
    /// Who the people are that act.
    public var people: any PeopleDirectory & KeyUses & Remarks & OriginDirectory
    /// Where webhooks are told, and how far they have come.
    public var webhooks: any WebhookStore
    /// What sends their messages.
    public var webhookSender: any WebhookSender
    /// What witnesses said.
    public var cosignatures: any CosignatureStore
    /// What asks them.
    public var witness: any CheckpointWitness
    /// What was seen at the steps of roll-outs.
    public var rolloutEvidence: any RolloutEvidenceStore
    /// Where the data plane writes down what it saw of models.
    public var windows: any WindowSource
    /// What is kept of that.
    public var monitor: any MonitorStore
    /// What people are told of, and where.
    public var alerts: any AlertStore
    /// What is kept of predictions until their labels come.
    public var feedback: any FeedbackStore
    /// What was taken back while no control plane was there.
    public var rollBackNotes: any RollBackNotes
    /// What asks the data plane where callers ask it.
    public var listenerProbe: any ListenerProbe

    /// Names the parts.
    public init(
      registry: any RegistryWriter & RegistryReader & LedgerReader, blobs: any BlobStore,
      bundles: any BundleStore, records: any RecordStore, plane: any DataPlane, time: any TimeSource,
      entropy: any Entropy, people: any PeopleDirectory & KeyUses & Remarks & OriginDirectory,
      keySets: any KeySetSource = NoKeySets(),
      advisor: any PolicyAdvisor = NoAdvisor(), tester: any ModelTester = NoModelTester(),
      sealKeys: any SealKeyStore = NoSealKeys(), program: (any ProgramSource)? = nil,
      webhooks: any WebhookStore = NoWebhooks(), webhookSender: any WebhookSender = NoWebhooks(),
      cosignatures: any CosignatureStore = NoWitnesses(), witness: any CheckpointWitness = NoWitnesses(),
      rolloutEvidence: any RolloutEvidenceStore = NoRolloutEvidence(),
      windows: any WindowSource = NoMonitoring(), monitor: any MonitorStore = NoMonitoring(),
      alerts: any AlertStore = NoAlerts(), feedback: any FeedbackStore = NoFeedback(),
      rollBackNotes: any RollBackNotes = NoRollBackNotes(),
      listenerProbe: any ListenerProbe = NoListenerProbe()
    ) {
      self.listenerProbe = listenerProbe
      self.feedback = feedback
      self.rollBackNotes = rollBackNotes
      self.alerts = alerts
      self.rolloutEvidence = rolloutEvidence
      self.windows = windows
      self.monitor = monitor
      self.tester = tester
      self.registry = registry
      self.blobs = blobs
      self.bundles = bundles
      self.records = records
      self.plane = plane
      self.time = time
      self.entropy = entropy
      self.people = people
      self.advisor = advisor
      self.keySets = keySets
      self.program = program
      self.sealKeys = sealKeys
      self.webhooks = webhooks
      self.webhookSender = webhookSender
      self.cosignatures = cosignatures
      self.witness = witness
    }
  }

  /// What the control plane goes by.
  public struct Settings: Sendable {
    /// What seals new bundles, until the registry says that another key does.
    public var sealingKey: any SealSigner
    /// What checks the ledger's checkpoints.
    public var checkpointKey: CheckpointVerificationKey
    /// What candidates are held against.
    public var policy: Policy
    /// The most bytes that an artifact may have.
    public var artifactLimit: Int
    /// Name and version of this program, for manifests.
    public var tool: String
    /// The SHA-256 of the credential whose holder may do everything; nil where there is none.
    public var administrator: Digest?
    /// What the platform is there for; nil for what its ledger says.
    public var environment: EnvironmentName?

    /// States the settings.
    public init(
      sealingKey: any SealSigner, checkpointKey: CheckpointVerificationKey, policy: Policy = .standard,
      artifactLimit: Int = 2 << 30, tool: String, administrator: Digest? = nil,
      environment: EnvironmentName? = nil
    ) {
      self.environment = environment
      self.sealingKey = sealingKey
      self.checkpointKey = checkpointKey
      self.policy = policy
      self.artifactLimit = artifactLimit
      self.tool = tool
      self.administrator = administrator
    }
  }

  let parts: Parts
  private let settings: Settings
  let queue = ActQueue(capacity: 16)
  /// Pushes, one after another: while one is inspected, lifted and tested, acts on other things have their turn.
  let pushes = ActQueue(capacity: 16)
  let together: GroupCommit
  let road: Road
  let rollBack: RollBack
  let bySteps: RollOutBySteps
  let release: Release
  let threats: ThreatModels
  let advisories: PublishedAdvisories
  /// Which policy is in force.
  public let policies: Policies
  private let programLayer: ProgramLayer?
  let keys: PredictionKeys
  let deploymentPolicies: DeploymentPolicies
  let aliases: Aliases
  let shareTraffic: ShareTraffic
  let promote: Promote
  /// What has come of bringing deployments to what they are to be.
  let reconciling = Reconciling()
  let issuers: TokenIssuers
  let served: ServedState
  let seals: Seals
  let sealKeys: SealKeys
  let reseal: Reseal
  /// Repositories of images, to read and to upload to.
  public let repositories: Repositories
  /// Who may do what.
  public let rules: AccessRules
  let accessActs: AccessActs
  /// Whether tests of a version are run again.
  let repeating = OneAtATime()
  /// Whether the process that serves is being replaced.
  let repaving = OneAtATime()
  /// What of the schedule of repaves was tried in the window that is open.
  let repaveTurns = Mutex(RepaveTurns())
  /// What is the matter with the process that serves, and for how long.
  let supervision = Mutex(Supervision())
  /// From where they ask.
  let origins: Origins
  /// What becomes of refused requests.
  public let refusals: RefusalLog
  /// Who is told what happens.
  public let webhooks: Webhooks
  /// Who cosigns checkpoints of the ledger.
  public let witnesses: Witnesses
  /// What was seen of roll-outs, and what is judged of it.
  let rolloutWatches = RolloutWatches()
  /// What live data look like beside training.
  public let watching: Watching
  /// What people are told of.
  public let alerts: Alerts
  /// How good models turn out to be.
  let feedback: Feedback

  /// Puts the use cases together; nothing happens before `start`.
  public init(_ parts: Parts, _ settings: Settings) {
    self.parts = parts
    self.settings = settings
    let (registry, time) = (parts.registry, parts.time)
    rules = AccessRules(registry: registry, time: time)
    refusals = RefusalLog(registry: registry, time: time, entropy: parts.entropy)
    origins = Origins(directory: parts.people, time: time, entropy: parts.entropy)
    accessActs = AccessActs(
      people: parts.people, rules: rules, entropy: parts.entropy, time: time)
    together = GroupCommit(registry: registry)
    webhooks = Webhooks(
      registry: registry, rules: rules, store: parts.webhooks, sender: parts.webhookSender,
      ledger: settings.checkpointKey.name, time: time, entropy: parts.entropy)
    witnesses = Witnesses(
      registry: registry, store: parts.cosignatures, witness: parts.witness, key: settings.checkpointKey,
      time: time, entropy: parts.entropy)
    seals = Seals(
      registry: registry, bundles: parts.bundles, present: settings.sealingKey, store: parts.sealKeys)
    served = ServedState(registry: registry, bundles: parts.bundles, seals: seals, time: time)
    alerts = Alerts(
      registry: registry, store: parts.alerts, sender: parts.webhookSender,
      evidence: AlertEvidence(
        registry: registry, plane: parts.plane, listener: parts.listenerProbe, monitor: parts.monitor,
        webhooks: parts.webhooks, alerts: parts.alerts, feedback: parts.feedback,
        cosignatures: parts.cosignatures, key: settings.checkpointKey,
        expiries: Expiries(registry: registry, rules: rules), served: served),
      blobs: parts.blobs, ledger: settings.checkpointKey.name, time: time, entropy: parts.entropy)
    let training = TrainingReferences(registry: registry, blobs: parts.blobs)
    watching = Watching(
      registry: registry, source: parts.windows, store: parts.monitor, training: training, time: time,
      entropy: parts.entropy)
    policies = Policies(
      registry: registry, blobs: parts.blobs, rules: rules, time: time, standard: settings.policy)
    let said = BundleFacts(bundles: parts.bundles, seals: seals)
    feedback = Feedback(
      registry: registry, store: parts.feedback, records: parts.records, said: said, time: time)
    advisories = PublishedAdvisories(registry: registry, blobs: parts.blobs, bundles: said)
    threats = ThreatModels(
      registry: registry, said: said, plane: parts.plane, confinements: Confinements(of: parts.plane),
      policies: policies, advisories: advisories, rules: rules, seals: seals, training: training, time: time)
    release = Release(
      registry: registry, blobs: parts.blobs, policies: policies, rules: rules, advisor: parts.advisor,
      threats: threats, advisories: advisories, said: said, seals: seals, plane: parts.plane,
      time: time)
    bySteps = RollOutBySteps(
      registry: registry, seals: seals, served: served, plane: parts.plane, entropy: parts.entropy, time: time
    )
    rollBack = RollBack(
      registry: registry, seals: seals, served: served, steps: bySteps, plane: parts.plane, time: time)
    sealKeys = SealKeys(
      registry: registry, bundles: parts.bundles, seals: seals, served: served, plane: parts.plane, time: time
    )
    reseal = Reseal(
      registry: registry, bundles: parts.bundles, seals: seals, served: served, plane: parts.plane)
    keys = PredictionKeys(
      registry: registry, served: served, plane: parts.plane, entropy: parts.entropy, time: time)
    aliases = Aliases(
      registry: registry, seals: seals, served: served, plane: parts.plane, release: release, time: time)
    issuers = TokenIssuers(
      registry: registry, served: served, plane: parts.plane, keySets: parts.keySets, time: time)
    shareTraffic = ShareTraffic(
      registry: registry, seals: seals, served: served, plane: parts.plane, release: release,
      entropy: parts.entropy, time: time)
    promote = Promote(
      registry: registry, blobs: parts.blobs, seals: seals, rules: rules, time: time)
    deploymentPolicies = DeploymentPolicies(
      registry: registry, served: served, plane: parts.plane, time: time)
    let packer = ImagePacker(into: parts.blobs, tool: settings.tool)
    programLayer = parts.program.map {
      ProgramLayer($0, registry: registry, blobs: parts.blobs, packer: packer, tool: settings.tool)
    }
    repositories = Repositories(
      registry: registry, blobs: parts.blobs,
      uploads: BlobUploads(into: parts.blobs, entropy: parts.entropy, time: time), time: time)
    road = Road(
      registry: registry,
      push: Push(
        blobs: parts.blobs, seals: seals, registry: registry, limit: settings.artifactLimit, time: time),
      inspect: Inspect(time: time), lift: Lift(time: time),
      training: training,
      test: Test(
        blobs: parts.blobs,
        files: TestFiles(
          registry: registry, blobs: parts.blobs, bundles: parts.bundles, seals: seals),
        tester: parts.tester, time: time),
      gate: Gate(
        registry: registry, policies: policies, seals: seals, rules: rules, advisor: parts.advisor,
        threats: threats, advisories: advisories, time: time),
      sign: Sign(
        registry: registry, blobs: parts.blobs, bundles: parts.bundles, seals: seals, tool: settings.tool,
        time: time),
      seals: seals,
      pack: Pack(
        registry: registry, blobs: parts.blobs, bundles: parts.bundles, seals: seals, packer: packer,
        program: programLayer,
        tool: settings.tool, time: time),
      release: release,
      rollOut: RollOut(
        registry: registry, seals: seals, served: served, plane: parts.plane, time: time),
      bySteps: bySteps, rules: rules,
      keys: keys,
      bundles: parts.bundles, plane: parts.plane, time: time)
  }

  /// Founds the platform at its first start, and puts in order what a crash left.
  ///
  /// Answers with the acts that had been cut off; `tell` hears of every note of what was taken back while no control plane was
  /// there.
  public func start(
    tell: (TakenInRollBack) -> Void = { _ in }
  ) async throws(Problem) -> [LedgerEntry] {
    if try await parts.registry.checkpoint() == nil {
      try await recorder(for: .platform).record(.found, of: "gatehouse") {
        .done(
          (),
          details: [
            "tool": .string(settings.tool), "policy": .string(settings.policy.digest.description),
            "policyText": .string(settings.policy.text),
            "sealKey": .string(settings.sealingKey.verificationKey.hint),
          ])
      }
    }
    // Platforms of releases before this one have a key and no word of it in the registry.
    try await sealKeys.adopt(recorder: recorder(for: .platform))
    try await settle(settings.environment)
    try await webhooks.sweep()
    try await alerts.sweep()
    // Before the data plane is brought to what the registry says, which knows nothing of it until then.
    try await TakeInRollBacks(
      registry: parts.registry, notes: parts.rollBackNotes, seals: seals, time: parts.time)(tell)
    return try await recovery()
  }

  var recovery: Recovery {
    Recovery(registry: parts.registry, served: served, plane: parts.plane, time: parts.time)
  }

  /// Packs the data plane's program for images, so that no push has to wait for it.
  ///
  /// Where that fails, the next push tries again and says why.
  public func packProgram() async { _ = try? await programLayer?.packed() }

  /// Works off the acts, one after another, and beside them pushes up to their turn and what changes the registry alone,
  /// until `stop`.
  public func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.together.run() }
      group.addTask {
        await self.pushes.run()
        // Each of them has had its turn.
        self.queue.close()
      }
      await queue.run()
    }
  }

  /// Takes no more acts; `run` returns after those that wait.
  public func stop() {
    pushes.close()
    together.close()
  }

  /// Takes a model down the road; tells `follow` each step as it happens.
  public func push(_ request: PushRequest, follow: @escaping @Sendable (RoadEvent) -> Void)
    async throws(Problem) -> PushOutcome
  {
    try await require(.push, on: .somewhere, of: request.actor, asking: "push of '\(request.name)'")
    let plain = recorder(for: request.actor)
    return try await pushes.perform { [self] () async throws(Problem) in
      var recorder = plain
      if case .newModel(_, let project) = try await requireRight(to: request) { recorder.project = project }
      return try await push(request, recorder, follow)
    }
  }

  private func push(
    _ request: PushRequest, _ recorder: Recorder, _ follow: @escaping @Sendable (RoadEvent) -> Void
  ) async throws(Problem) -> PushOutcome {
    let preparation = try await beside(recordedUnder: recorder.trace) { () async throws(Problem) in
      try await road.prepare(request, recorder: recorder, follow: follow)
    }
    let prepared: PreparedPush
    switch preparation {
    case .refused(let outcome): return outcome
    case .ready(let push): prepared = push
    }
    return try await perform(recordedUnder: recorder.trace, isPatient: true) {
      [self] () async throws(Problem) in
      try await requireRight(to: request)
      defer { rules.change() }
      return try await road.take(prepared, recorder: recorder)
    }
  }

  /// Throws `access.denied` where somebody may not push this: asked again in the push's turn, since what a new model is made
  /// part of decides who may push it, and another push may have made it meanwhile.
  @discardableResult
  private func requireRight(to request: PushRequest) async throws(Problem) -> AccessObject {
    let object = try await pushed(request)
    try await require(.push, on: object, of: request.actor, asking: "push on \(object.description)")
    try await requireRightToState(request.facts, of: request.name, on: object, by: request.actor)
    return object
  }

  /// Notes in the ledger what happened to a data plane process.
  ///
  /// It has happened already, so there is one entry.
  public func note(_ event: PlaneEvent) async throws(Problem) {
    try await together.record(.supervise, of: "process \(event.process)", by: recorder(for: .platform)) { _ in
      .done((), details: ["event": .string(event.kind.rawValue), "detail": .string(event.detail)])
    }
  }

  /// Records an act that changes the registry alone, decided by what that knows when it is committed, and committed
  /// together with others that come at the same time; throws what it is refused with, after that is in the ledger.
  func record<Success: Sendable>(
    _ act: Act, of subject: String, by actor: Actor,
    _ decide: @escaping @Sendable (any RegistryView) throws(Problem) -> ActOutcome<Success>
  ) async throws(Problem) -> Success {
    try await together.record(act, of: subject, by: recorder(for: actor), decide)
  }

  /// Takes in bytes of an artifact before it is pushed.
  public func beginUpload() async throws(Problem) -> any IngestSession { try await parts.blobs.beginIngest() }

  /// The most bytes that one upload may have.
  public var uploadLimit: Int { settings.artifactLimit }

  /// Whether bytes are here already; those that are stay until there was time to push them.
  public func hasBlob(_ digest: Digest) async throws(Problem) -> Bool {
    try await parts.blobs.renew(digest)
  }

  var blobs: any BlobStore { parts.blobs }
  var time: any TimeSource { parts.time }

  var administrator: Digest? { settings.administrator }

  /// The registry, to read.
  public var registry: any RegistryReader { parts.registry }

  /// The ledger, to read.
  public var ledger: any LedgerReader { parts.registry }

  /// What the ledger calls itself in its checkpoints.
  public var ledgerName: String { settings.checkpointKey.name }

  /// An entry of the ledger with its proof under the newest checkpoint; throws as `ProveEntry` does.
  public func prove(entry index: Int) async throws(Problem) -> ProveEntry.Proved {
    try await ProveEntry(ledger: parts.registry)(index, trusting: settings.checkpointKey)
  }

  /// The address that callers reach the data plane under.
  public var planeURL: String { parts.plane.baseURL }

  /// The address that the data plane's metrics and health are answered under; nil where they are not.
  public var adminURL: String? { parts.plane.adminURL }

  /// What the data plane's process has given up for good; nil where none serves.
  public func planeConfinement() async -> PlaneConfinement? { await parts.plane.confinement() }

  /// The moment now.
  public func now() -> Timestamp { parts.time.now() }
}
