public import Domain

/// What a deployment is at a moment, as far as anything desired of it can differ from it.
public struct PresentDeployment: Equatable, Sendable {
  /// What stands against a version; nothing does where all of it is nil.
  public struct Standing: Equatable, Sendable {
    /// That somebody, or the judge of a roll-out, went back from it.
    public var mark: VersionMark?
    /// Why it is revoked.
    public var revocation: String?

    /// States what stands against a version.
    public init(mark: VersionMark? = nil, revocation: String? = nil) {
      self.mark = mark
      self.revocation = revocation
    }
  }

  /// A roll-out by steps that is under way.
  public struct UnderWay: Equatable, Sendable {
    /// To which version.
    public var version: VersionNumber
    /// Whether it waits for a person's yes.
    public var isHeld: Bool
    /// Where it is, for people.
    public var words: String

    /// States where a roll-out is.
    public init(version: VersionNumber, isHeld: Bool = false, words: String = "") {
      self.version = version
      self.isHeld = isHeld
      self.words = words
    }
  }

  /// Which deployment.
  public let name: ModelName
  /// All versions of the model, and what stands against each.
  public var versions: [VersionNumber: Standing] = [:]
  /// The version that the name stands for; nil where none is served yet.
  public var live: VersionNumber?
  /// The roll-out that is under way.
  public var rollout: UnderWay?
  /// How versions share it beside any roll-out; nil where the live one answers all callers and no shadow is asked.
  public var shares: StandingShares?
  /// Which versions its aliases name.
  public var aliases: [AliasName: VersionNumber] = [:]
  /// What is said of the model.
  public var facts = ModelFacts()
  /// How it answers.
  public var policy = DeploymentPolicy.standard
  /// By which steps versions come into service; nil for at once.
  public var terms: RolloutTerms?

  /// A deployment that there is nothing of yet.
  public init(name: ModelName) { self.name = name }
}
