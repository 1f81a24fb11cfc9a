import Domain
import Encoding

/// A part of a version that advisories may be about, as its bill of materials names it.
public struct Component: Hashable, Sendable {
  /// What it was to the version.
  public enum Scope: String, Sendable, CaseIterable {
    /// The model was made with it; nothing of it is served.
    case training
  }

  /// Which package it is.
  public let package: PackageName
  /// Its name as the bill has it.
  public let name: String
  /// Its version; nil where nobody says.
  public let version: String?
  /// What it was to the version.
  public let scope: Scope
  /// Who says that it is a part: `requirements.txt`, or the artifact itself.
  public let statedBy: [String]

  /// States a part; `ecosystem` is the one whose advisories are asked.
  public init(_ ecosystem: String, _ name: String, version: String?, scope: Scope, statedBy: [String]) {
    package = PackageName(ecosystem, name)
    self.name = name
    self.version = version
    self.scope = scope
    self.statedBy = statedBy
  }
}

extension Component: CustomStringConvertible {
  /// `numpy 1.21.2 of its training environment (requirements.txt)`.
  public var description: String {
    let version = version.map { $0.excerpt(60) } ?? "of a version that nobody says"
    let sources =
      statedBy.isEmpty ? "" : " (\(statedBy.prefix(3).map { $0.excerpt(60) }.joined(separator: ", ")))"
    return "\(name.excerpt(60)) \(version) of its \(scope.rawValue) environment\(sources)"
  }
}

/// A weakness that parts of a version have.
public struct FoundWeakness: Hashable, Sendable {
  /// A part that has it.
  public struct Part: Hashable, Sendable {
    /// Which.
    public let component: Component
    /// The versions in which it was mended, the nearest first.
    public let fixes: [String]
    /// Whether the version of the part is known for one that has it; where it is not, it counts as one.
    public let isCertain: Bool
  }

  /// What it is.
  public let weakness: Weakness
  /// The parts that have it; never empty.
  public let parts: [Part]
}

extension AdvisoryDatabase {
  /// The weaknesses that parts of a version have, each once, the gravest first.
  public func weaknesses(of components: [Component]) -> [FoundWeakness] {
    var found: [String: (weakness: Weakness, parts: [FoundWeakness.Part])] = [:]
    for component in components {
      for weakness in weaknesses(of: component.package) {
        let fixes = weakness.affected.lazy.filter { $0.package == component.package }.compactMap {
          $0.fixes(for: component.version)
        }.first
        guard let fixes else { continue }
        let part = FoundWeakness.Part(
          component: component, fixes: fixes.versions, isCertain: fixes.isVersionKnown)
        found[weakness.id, default: (weakness, [])].parts.append(part)
      }
    }
    return found.values.map { FoundWeakness(weakness: $0.weakness, parts: $0.parts) }.sorted {
      ($1.weakness.gravity, $0.weakness.id) < ($0.weakness.gravity, $1.weakness.id)
    }
  }
}
