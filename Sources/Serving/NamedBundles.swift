import Domain
import Encoding
import Provenance

/// Loads bundles that are named once and for all; the newest version of each name is the live one.
struct NamedBundles {
  private let loader: BundleLoader
  private let log: RuntimeLog?
  private var versions: [ModelName: [VersionNumber: ServedDeployment.Entry]] = [:]

  /// Tells `log` what is not served since it was revoked.
  init(_ loader: BundleLoader, _ log: RuntimeLog?) {
    self.loader = loader
    self.log = log
  }

  /// What the bundles at these paths make, by its name.
  ///
  /// Of what was revoked the others are served: a list that withdraws one must not take them along at the next start. Its
  /// name and number stay taken, so that no older version answers in the place of one that was withdrawn, no more than it
  /// did when the list came. Throws as `BundleLoader` does, `plane.duplicate-model`, and the revocation where nothing is left.
  consuming func deployments(of paths: [String]) throws(Problem) -> [String: ServedDeployment] {
    var refused: Problem?
    var isAnyServed = false
    for path in paths {
      do throws(Problem) {
        let model = try loader.load(path: path)
        try add(.model(model), as: model.reference, path)
        isAnyServed = true
      } catch  where error.isRevocation {
        log?.write(.error, "a bundle is not served: it was revoked", error, [("path", .string(path))])
        refused = refused ?? error
        try add(.revoked(error), as: try loader.reference(ofRevoked: path), path)
      }
    }
    if !isAnyServed, let refused { throw refused }
    var deployments: [String: ServedDeployment] = [:]
    for (name, entries) in versions {
      guard let newest = entries.max(by: { $0.key < $1.key }) else { continue }
      deployments[name.description] = ServedDeployment(live: newest.value, versions: entries)
    }
    return deployments
  }

  private mutating func add(
    _ entry: ServedDeployment.Entry, as reference: VersionReference, _ path: String
  ) throws(Problem) {
    guard versions[reference.name, default: [:]].updateValue(entry, forKey: reference.version) == nil else {
      throw Problem(
        .usage, "plane.duplicate-model", "expected each version once, found '\(reference)' again",
        subject: path)
    }
  }
}
