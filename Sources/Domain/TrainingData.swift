public import Encoding

/// Data that a model was trained with, as it is known here: by name and digest.
///
/// Its bytes are not held. That the model was trained with it is the word of whoever pushed the model.
public struct DataSet: Hashable, Sendable {
  /// What it is called, mostly the name of its file.
  public let name: String
  /// The SHA-256 of its bytes; of a directory, that of the canonical list of its files, as an artifact's.
  public let digest: Digest

  /// Names data; throws `training-data.name` for a name that is not one line of 1 to 128 bytes.
  public init(name: String, digest: Digest) throws(Problem) {
    try Self.check(name: name)
    self.name = name
    self.digest = digest
  }

  /// Throws `training-data.name` as `init` does, before anybody has computed a digest.
  public static func check(name: String) throws(Problem) {
    guard name.isOneLine(upTo: 128) else {
      throw Problem(
        .badInput, "training-data.name",
        "expected a name of one line and 1 to 128 bytes for a data set, found '\(name.excerpt(80))'",
        hint: "give the file a shorter name, without control characters")
    }
  }
}

/// The data sets that one version of a model was trained with: each once, in the order of their digests.
public struct TrainingData: Hashable, Sendable {
  /// The most data sets that a version can name; with all of them its entry in the ledger keeps its size.
  public static let limit = 64

  /// Where nothing was said.
  public static let unstated = TrainingData()

  /// The data sets.
  public let sets: [DataSet]

  private init() { sets = [] }

  /// Takes data sets in any order; throws `training-data.too-many` and, where two are the same bytes,
  /// `training-data.duplicate`.
  public init(_ sets: [DataSet]) throws(Problem) {
    try Self.check(count: sets.count)
    self.sets = sets.sorted { $0.digest < $1.digest }
    for (one, next) in zip(self.sets, self.sets.dropFirst()) where one.digest == next.digest {
      throw Problem(
        .badInput, "training-data.duplicate",
        "expected each data set once, found the same bytes as '\(one.name)' and '\(next.name)'",
        hint: "name one of them")
    }
  }

  /// Throws `training-data.too-many` as `init` does.
  public static func check(count: Int) throws(Problem) {
    guard count <= limit else {
      throw Problem(
        .tooLarge, "training-data.too-many", "expected at most \(limit) data sets, found \(count)",
        hint: "put their files into one directory and name that")
    }
  }

  /// The data sets as `[{"name","digest"}]`, in their order.
  public var json: JSON {
    .array(sets.map { ["name": .string($0.name), "digest": .string($0.digest.description)] })
  }

  /// Reads what `json` writes, in any order; throws `request.member` with the place of what is something else.
  public init(json: JSON, at position: String) throws(Problem) {
    guard let items = json.array else {
      throw Problem(
        .badInput, "request.member", "expected an array of data sets, found \(json.kind)", position: position)
    }
    var sets: [DataSet] = []
    for (index, item) in items.prefix(Self.limit + 1).enumerated() {
      guard let name = item["name"]?.string, let digest = item["digest"]?.string else {
        throw Problem(
          .badInput, "request.member", "expected an object with 'name' and 'digest', found \(item.kind)",
          position: "\(position)/\(index)")
      }
      sets.append(try DataSet(name: name, digest: try Digest(parsing: digest)))
    }
    try self.init(sets)
  }
}
