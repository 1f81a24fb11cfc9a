import Encoding

/// The targets of a package and what each one declares that it needs.
struct PackageDescription {
  struct Target {
    enum Kind: String {
      case regular, executable, system, test
    }

    let name: String
    let kind: Kind
    /// The targets of the same package that it depends on.
    var siblings: Set<String>
    /// The products of other packages that it depends on.
    var products: Set<String>
    /// Its directory, relative to the package.
    let path: String

    init(
      _ name: String, _ kind: Kind = .regular, siblings: Set<String> = [], products: Set<String> = [],
      path: String? = nil
    ) {
      self.name = name
      self.kind = kind
      self.siblings = siblings
      self.products = products
      self.path = path ?? (kind == .test ? "Tests/\(name)" : "Sources/\(name)")
    }

    /// The name that source code imports it by.
    var module: String { String(name.map { $0 == "-" ? "_" : $0 }) }
  }

  struct Unreadable: Error {
    let reason: String
  }

  let targets: [Target]

  /// Reads what `swift package dump-package` prints.
  init(dump: [UInt8]) throws {
    let json = try JSON(parsing: dump)
    let elements = try Self.array(json, "targets")
    let names = Set(elements.compactMap { $0["name"]?.string })
    targets = try elements.map { try Self.target($0, siblings: names) }
  }

  private static func target(_ json: JSON, siblings names: Set<String>) throws -> Target {
    guard let name = json["name"]?.string, let word = json["type"]?.string else {
      throw Unreadable(reason: "expected a target with a name and a type")
    }
    guard let kind = Target.Kind(rawValue: word) else {
      throw Unreadable(reason: "expected a known type of the target '\(name)', found '\(word)'")
    }
    var target = Target(name, kind, path: json["path"]?.string)
    for dependency in try array(json, "dependencies") {
      // {"byName": [name, condition]}, {"target": [name, …]} or {"product": [name, package, …]}
      guard let form = dependency.object?.first, let needed = form.value.array?.first?.string else {
        throw Unreadable(reason: "expected the name of a dependency of '\(name)'")
      }
      if form.key != "product", names.contains(needed) {
        target.siblings.insert(needed)
      } else {
        target.products.insert(needed)
      }
    }
    return target
  }

  private static func array(_ json: JSON, _ name: String) throws -> [JSON] {
    guard let elements = json[name]?.array else { throw Unreadable(reason: "expected an array '\(name)'") }
    return elements
  }
}
