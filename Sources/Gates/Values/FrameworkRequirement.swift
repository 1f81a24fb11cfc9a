import Advisories
import Documents

/// A framework whose models may come in, and of which versions: `scikit-learn >= 1.2, < 2`.
struct FrameworkRequirement: CustomStringConvertible, Sendable {
  static let expected = "a framework, perhaps with versions such as 'scikit-learn >= 1.2, < 2'"

  let description: String
  let name: String
  let bounds: [(sign: Comparison, version: PythonVersion)]

  init?(parsing text: String) {
    var rest = Substring(text).trimmed
    let name = rest.prefix { !" <>=!,".contains($0) }
    rest = rest[name.endIndex...].trimmed
    var bounds: [(Comparison, PythonVersion)] = []
    guard !name.isEmpty else { return nil }
    while !rest.isEmpty {
      guard bounds.count < 8, let sign = Comparison.taken(from: &rest) else { return nil }
      let end = rest.firstIndex(of: ",") ?? rest.endIndex
      guard let version = PythonVersion(parsing: rest[..<end].trimmed) else { return nil }
      bounds.append((sign, version))
      guard end < rest.endIndex else { break }
      rest = rest[rest.index(after: end)...].trimmed
      guard !rest.isEmpty else { return nil }
    }
    description = text
    self.name = String(name)
    self.bounds = bounds
  }

  /// Whether a version is within the bounds; nil where the bounds ask and no version that can be compared is known.
  func admits(_ version: String?) -> Bool? {
    guard !bounds.isEmpty else { return true }
    guard let version = version.flatMap({ PythonVersion(parsing: $0) }) else { return nil }
    return bounds.allSatisfy { $0.sign.holds(version.compared(with: $0.version), $0.version) }
  }
}
