public import Domain
import Encoding

/// How a data plane's program was built, and what is linked into it: `gatehouse-runtime.build.json`, which
/// `scripts/build` writes beside the program.
///
/// Data about a program, and about that one alone: it counts only where the digest is the program's.
public struct ProgramBuild: Equatable, Sendable {
  /// The form of the file that is read.
  public static let format = "gatehouse-build/1"
  /// The most bytes that are read.
  public static let sizeLimit = 1 << 20
  private static let entryLimit = 1_000

  /// A Swift package whose code is in the program.
  public struct Package: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// The address of its repository.
    public let repository: String
    /// Its version.
    public let version: String
    /// The commit, 40 hexadecimal digits.
    public let revision: String
  }

  /// Another project's code that a package brings along.
  public struct Vendored: Hashable, Sendable {
    /// What it is, `boringssl`.
    public let name: String
    /// Its version, or its commit where it has none.
    public let version: String
    /// The package that brings it.
    public let package: String
  }

  /// A C library that is linked in, by the package of Debian that has it.
  public struct Library: Hashable, Sendable {
    /// The file, `libz.a`.
    public let archive: String
    /// The package, `zlib1g-dev`.
    public let package: String
    /// The version of the package.
    public let version: String
    /// Its architecture, `amd64`.
    public let architecture: String
  }

  /// What the program is called.
  public let name: String
  /// The digest of the program.
  public let program: Digest
  /// Its size in bytes.
  public let size: Int
  /// The version of the compiler.
  public let swift: String
  /// What it is compiled for, `x86_64-unknown-linux-gnu`.
  public let target: String
  /// The flags of the compiler and the linker.
  public let flags: [String]
  /// The commit of the source, 40 hexadecimal digits; empty where there was none to ask for.
  public let commit: String
  /// Whether the source was as that commit has it.
  public let isClean: Bool
  /// The Swift packages whose code is in it.
  public let packages: [Package]
  /// What they bring along of others.
  public let vendored: [Vendored]
  /// The C libraries that are linked in.
  public let libraries: [Library]
  /// The canonical text of the record.
  public let text: String

  /// Reads the bytes of a record strictly; throws `program-build.malformed`.
  public init(parsing bytes: some Collection<UInt8>) throws(Problem) {
    guard bytes.count <= Self.sizeLimit else {
      throw Self.malformed("expected at most \(Self.sizeLimit) bytes, found \(bytes.count)")
    }
    let json: JSON
    do { json = try JSON(parsing: Array(bytes), limits: JSONLimits(depth: 8, values: 20_000)) } catch {
      throw Self.malformed(error.description)
    }
    let root = try Fields(
      json, "", ["format", "program", "compiler", "source", "packages", "vendored", "libraries"])
    guard try root.text("format") == Self.format else {
      throw Self.malformed("expected '\(Self.format)' at '/format', found another")
    }
    let program = try root.fields("program", ["name", "sha256", "size"])
    name = try program.text("name")
    guard let digest = Digest(hexadecimal: try program.text("sha256")) else {
      throw Self.malformed("expected 64 lower-case hexadecimal digits at '/program/sha256'")
    }
    self.program = digest
    size = try program.count("size")
    let compiler = try root.fields("compiler", ["swift", "target", "flags"])
    swift = try compiler.text("swift")
    target = try compiler.text("target")
    flags = try compiler.texts("flags", limit: Self.entryLimit)
    let source = try root.fields("source", ["commit", "clean"])
    commit = try source.revision("commit", orEmpty: true)
    isClean = try source.flag("clean")
    var packages: [Package] = []
    for entry in try root.list(
      "packages", ["name", "repository", "version", "revision"], limit: Self.entryLimit)
    {
      packages.append(
        Package(
          name: try entry.text("name"), repository: try entry.text("repository"),
          version: try entry.text("version"), revision: try entry.revision("revision")))
    }
    var vendored: [Vendored] = []
    for entry in try root.list("vendored", ["name", "version", "package"], limit: Self.entryLimit) {
      vendored.append(
        Vendored(
          name: try entry.text("name"), version: try entry.text("version"),
          package: try entry.text("package")))
    }
    var libraries: [Library] = []
    for entry in try root.list(
      "libraries", ["archive", "package", "version", "architecture"], limit: Self.entryLimit)
    {
      libraries.append(
        Library(
          archive: try entry.text("archive"), package: try entry.text("package"),
          version: try entry.text("version"), architecture: try entry.text("architecture")))
    }
    guard Set(packages.map(\.name)).count == packages.count, Set(vendored).count == vendored.count,
      Set(libraries).count == libraries.count
    else { throw Self.malformed("expected each package and each library once, found one again") }
    self.packages = packages
    self.vendored = vendored
    self.libraries = libraries
    text = json.canonicalText
  }

  /// Reads the record of one program; throws `program-build.malformed`, or `program-build.other-program` where it is of
  /// another.
  public init(parsing bytes: some Collection<UInt8>, of program: Digest) throws(Problem) {
    try self.init(parsing: bytes)
    guard self.program == program else {
      throw Problem(
        .integrity, "program-build.other-program",
        "expected a record of the program \(program.short), found one of \(self.program.short)",
        hint: "build both with scripts/build, or leave the record away")
    }
  }

  fileprivate static func malformed(_ message: String) -> Problem {
    Problem(.integrity, "program-build.malformed", message)
  }
}

/// The members of one object of a record, all of which it has to have, and no others.
private struct Fields {
  private let members: [String: JSON]
  private let pointer: String

  init(_ json: JSON, _ pointer: String, _ names: Set<String>) throws(Problem) {
    guard let members = json.object, Set(members.keys) == names else {
      throw ProgramBuild.malformed(
        "expected an object of \(names.sorted().joined(separator: ", ")) at '\(pointer)', found another")
    }
    self.members = members
    self.pointer = pointer
  }

  private func unexpected(_ name: String, _ what: String) -> Problem {
    ProgramBuild.malformed("expected \(what) at '\(pointer)/\(name)', found another value")
  }

  private func value(_ name: String) -> JSON { members[name] ?? .null }

  /// A text of one line that somebody can read.
  func text(_ name: String) throws(Problem) -> String {
    guard let text = value(name).string, Self.isPlain(text) else { throw unexpected(name, "a plain text") }
    return text
  }

  private static func isPlain(_ text: String) -> Bool {
    1...500 ~= text.utf8.count && text.utf8.allSatisfy { 0x20...0x7E ~= $0 }
  }

  func texts(_ name: String, limit: Int) throws(Problem) -> [String] {
    guard let elements = value(name).array, elements.count <= limit else {
      throw unexpected(name, "at most \(limit) texts")
    }
    let texts = elements.compactMap(\.string).filter(Self.isPlain)
    guard texts.count == elements.count else { throw unexpected(name, "plain texts") }
    return texts
  }

  func count(_ name: String) throws(Problem) -> Int {
    guard let count = value(name).int, count >= 0 else { throw unexpected(name, "a count") }
    return count
  }

  func flag(_ name: String) throws(Problem) -> Bool {
    guard let flag = value(name).bool else { throw unexpected(name, "true or false") }
    return flag
  }

  /// The digits of a commit of git.
  func revision(_ name: String, orEmpty: Bool = false) throws(Problem) -> String {
    guard let text = value(name).string, orEmpty && text.isEmpty || Hexadecimal.decode(text)?.count == 20
    else {
      throw unexpected(name, "40 lower-case hexadecimal digits")
    }
    return text
  }

  func fields(_ name: String, _ names: Set<String>) throws(Problem) -> Fields {
    try Fields(value(name), "\(pointer)/\(name)", names)
  }

  func list(_ name: String, _ names: Set<String>, limit: Int) throws(Problem) -> [Fields] {
    guard let elements = value(name).array, elements.count <= limit else {
      throw unexpected(name, "at most \(limit) objects")
    }
    var list: [Fields] = []
    for (index, element) in elements.enumerated() {
      list.append(try Fields(element, "\(pointer)/\(name)/\(index)", names))
    }
    return list
  }
}
