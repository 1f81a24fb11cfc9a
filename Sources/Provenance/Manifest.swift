public import Domain
public import Encoding

/// What a bundle says of itself: `manifest.json`.
public struct Manifest: Equatable, Sendable {
  /// Where it stands in a bundle.
  public static let path = "manifest.json"

  /// Which model this is.
  public let name: ModelName
  /// Which version of it.
  public let version: VersionNumber
  /// The names, datatypes and shapes of inputs and outputs, as `ModelGraph` writes them.
  public let signature: JSON
  /// The digest of the artifact that it was lifted from.
  public let artifact: Digest
  /// The library that the model was trained with, `scikit-learn`.
  public let framework: String
  /// The version of that library.
  public let frameworkVersion: String
  /// The class of the outermost estimator, by its name in that library.
  public let estimator: String
  /// What lifted it, `gatehouse 0.1.0`.
  public let tool: String
  /// The digest of the policy that admitted it.
  public let policy: Digest

  /// States what a bundle is.
  public init(
    name: ModelName, version: VersionNumber, signature: JSON, artifact: Digest, framework: String,
    frameworkVersion: String, estimator: String, tool: String, policy: Digest
  ) {
    self.name = name
    self.version = version
    self.signature = signature
    self.artifact = artifact
    self.framework = framework
    self.frameworkVersion = frameworkVersion
    self.estimator = estimator
    self.tool = tool
    self.policy = policy
  }

  /// The version that it is about.
  public var reference: VersionReference { VersionReference(name: name, version: version) }

  /// The manifest as JSON.
  public var json: JSON {
    [
      "name": .string(name.description), "version": JSON(version.value),
      "signature": signature, "artifact": .string(artifact.description), "framework": .string(framework),
      "frameworkVersion": .string(frameworkVersion), "estimator": .string(estimator),
      "tool": .string(tool), "policy": .string(policy.description),
    ]
  }

  /// The bytes of `manifest.json`.
  public var canonicalBytes: [UInt8] { json.canonicalBytes }

  /// Reads the bytes of a `manifest.json`.
  ///
  /// Throws `manifest.malformed`, or the problem of the name or digest in it. Members that are not known are
  /// left alone: a later version may write more.
  public init(parsing bytes: some Collection<UInt8>) throws(Problem) {
    let json: JSON
    do { json = try JSON(parsing: bytes, limits: JSONLimits(depth: 16, values: 1_000_000)) } catch {
      throw Self.malformed(error.description)
    }
    func text(_ member: String) throws(Problem) -> String {
      guard let text = json[member]?.string else {
        throw Self.malformed("expected a string as '\(member)', found \(json[member]?.kind ?? "nothing")")
      }
      return text
    }
    guard let version = json["version"]?.int.flatMap({ VersionNumber($0) }) else {
      throw Self.malformed(
        "expected a number from 1 as 'version', found \(json["version"]?.kind ?? "nothing")")
    }
    guard let signature = json["signature"], signature.object != nil else {
      throw Self.malformed(
        "expected an object as 'signature', found \(json["signature"]?.kind ?? "nothing")")
    }
    self.init(
      name: try ModelName(parsing: try text("name")), version: version, signature: signature,
      artifact: try Digest(parsing: try text("artifact")),
      framework: try text("framework"), frameworkVersion: try text("frameworkVersion"),
      estimator: try text("estimator"), tool: try text("tool"),
      policy: try Digest(parsing: try text("policy")))
  }

  private static func malformed(_ message: String) -> Problem {
    Problem(.integrity, "manifest.malformed", message, subject: path)
  }
}
