public import Domain
public import Encoding

/// What an organisation says of a model beside its versions: policies and threat models go by it.
public struct ModelFacts: Equatable, Sendable {
  /// Who answers for it; nil where nobody was named.
  public var owner: Principal?
  /// How sensitive its data is; nil where nobody has said.
  public var dataClass: DataClass?
  /// Who can reach it; nil where nobody has said.
  public var exposure: Exposure?

  /// Says nothing, or some of it.
  public init(owner: Principal? = nil, dataClass: DataClass? = nil, exposure: Exposure? = nil) {
    self.owner = owner
    self.dataClass = dataClass
    self.exposure = exposure
  }

  /// These facts where they say something, else those.
  public func over(_ former: ModelFacts) -> ModelFacts {
    ModelFacts(
      owner: owner ?? former.owner, dataClass: dataClass ?? former.dataClass,
      exposure: exposure ?? former.exposure)
  }

  /// The facts as the ledger and the HTTP face carry them.
  public var json: JSON {
    var members: [String: JSON] = [:]
    members["owner"] = owner.map { .string($0.description) }
    members["dataClass"] = dataClass.map { .string($0.rawValue) }
    members["exposure"] = exposure.map { .string($0.rawValue) }
    return .object(members)
  }

  /// What records say of a model; throws `facts.malformed`.
  public init(of model: ModelName, in records: [GovernanceRecord]) throws(Problem) {
    guard let record = records.first(where: { $0.kind == .facts && $0.id == model.description }) else {
      self.init()
      return
    }
    try self.init(json: record.value)
  }

  /// Reads what `json` writes; throws `facts.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "model's facts", code: "facts.malformed")
    try fields.allow(["owner", "dataClass", "exposure"])
    self.init(
      owner: fields.has("owner") ? try fields.principal("owner") : nil,
      dataClass: try fields.word("dataClass", DataClass.self),
      exposure: try fields.word("exposure", Exposure.self))
  }
}
