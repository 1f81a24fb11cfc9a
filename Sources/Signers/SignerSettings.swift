public import Domain
import Encoding

/// A program that signs for the platform, as the operator names it in `signers.json`.
public struct SignerSettings: Equatable, Sendable {
  /// What it is called here, `hsm`.
  public let name: String
  /// The absolute path of the program; no shell has a part in it.
  public let program: String
  /// Its arguments.
  public let arguments: [String]
  /// What the service calls the key; told to the program with each request.
  public let key: String
  /// The variables that it gets beside `PATH`, which is `/usr/bin:/bin`; nothing else of ours.
  public let environment: [String: String]
  /// How long an answer may take, in seconds.
  public let timeoutSeconds: Int

  /// States how a program is started.
  public init(
    name: String, program: String, arguments: [String] = [], key: String, environment: [String: String] = [:],
    timeoutSeconds: Int = 30
  ) {
    self.name = name
    self.program = program
    self.arguments = arguments
    self.key = key
    self.environment = environment
    self.timeoutSeconds = timeoutSeconds
  }

  /// Reads `{"version":1,"signers":{"hsm":{"program","key","arguments","environment","timeoutSeconds"}}}`, the last three
  /// where they are wanted.
  ///
  /// Sorted by name. Throws `signer.settings`.
  public static func parse(_ bytes: [UInt8]) throws(Problem) -> [SignerSettings] {
    let json: JSON
    do { json = try JSON(parsing: bytes, limits: JSONLimits(depth: 6, values: 1000)) } catch {
      throw malformed(error.description, "")
    }
    guard json.object.map({ Set($0.keys) }) == ["version", "signers"], json["version"]?.int == 1,
      let signers = json["signers"]?.object
    else { throw malformed("expected 'version', which is 1, and 'signers'", "") }
    return try signers.sorted { $0.key < $1.key }.map { name, json throws(Problem) in
      try SignerSettings(name, json, at: "/signers/\(name.excerpt(40))")
    }
  }

  private init(_ name: String, _ json: JSON, at pointer: String) throws(Problem) {
    let known: Set = ["program", "arguments", "key", "environment", "timeoutSeconds"]
    guard let members = json.object, known.isSuperset(of: members.keys) else {
      throw Self.malformed("expected \(known.sorted().joined(separator: ", ")) alone", pointer)
    }
    guard (try? AliasName(parsing: name)) != nil else {
      throw Self.malformed("expected a name of lower-case letters, digits and '-'", pointer)
    }
    guard let program = members["program"]?.string, program.hasPrefix("/"), !program.utf8.contains(0) else {
      throw Self.malformed("expected the absolute path of a program", "\(pointer)/program")
    }
    guard let key = members["key"]?.string, 1...400 ~= key.utf8.count else {
      throw Self.malformed("expected what the service calls the key", "\(pointer)/key")
    }
    var arguments: [String] = []
    guard let elements = (members["arguments"] ?? .array([])).array else {
      throw Self.malformed("expected an array", "\(pointer)/arguments")
    }
    for element in elements {
      guard let text = element.string, !text.utf8.contains(0) else {
        throw Self.malformed("expected texts", "\(pointer)/arguments")
      }
      arguments.append(text)
    }
    var environment: [String: String] = [:]
    guard let variables = (members["environment"] ?? [:]).object else {
      throw Self.malformed("expected an object", "\(pointer)/environment")
    }
    for (variable, value) in variables {
      guard let text = value.string, !variable.isEmpty, !variable.contains("="),
        !"\(variable)\(text)".utf8.contains(0)
      else {
        throw Self.malformed("expected texts by the names of variables", "\(pointer)/environment")
      }
      environment[variable] = text
    }
    let timeout = members["timeoutSeconds"].map { $0.int ?? 0 } ?? 30
    guard 1...300 ~= timeout else {
      throw Self.malformed("expected 1 to 300 seconds", "\(pointer)/timeoutSeconds")
    }
    self.init(
      name: name, program: program, arguments: arguments, key: key, environment: environment,
      timeoutSeconds: timeout)
  }

  private static func malformed(_ expected: String, _ pointer: String) -> Problem {
    Problem(
      .badInput, "signer.settings", "\(expected), found another value",
      position: pointer.isEmpty ? nil : pointer, hint: "docs/keys.md has the form of signers.json")
  }
}
