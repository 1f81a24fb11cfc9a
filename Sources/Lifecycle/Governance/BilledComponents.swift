import Advisories
import Domain
import Encoding
import Lifting
import Provenance
import Statements

extension Component {
  /// What conda calls otherwise than the Python Package Index, whose names advisories go by.
  private static let condaNames = [
    "brotli-python": "brotli", "dask-core": "dask", "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack", "opencv": "opencv-python", "py-opencv": "opencv-python",
    "py-xgboost": "xgboost", "py-xgboost-cpu": "xgboost", "py-xgboost-gpu": "xgboost",
    "pyarrow-core": "pyarrow", "pytables": "tables", "pytorch": "torch", "pytorch-cpu": "torch",
    "pytorch-gpu": "torch", "ray-core": "ray", "ray-default": "ray", "tensorflow-base": "tensorflow",
    "tensorflow-cpu": "tensorflow", "tensorflow-gpu": "tensorflow",
  ]

  /// The parts that a bill of materials names and advisories may be about.
  ///
  /// What conda installs are the packages of the index in another wrapping: it is asked for by their names. A part whose
  /// version one file leaves open is of the version that another states.
  static func all(in packages: [ModelBill.StatedPackage]) -> [Component] {
    let components = packages.compactMap { package -> Component? in
      let name: String
      switch package.ecosystem {
      case .pypi: name = package.name
      case .conda: name = condaNames[package.name.lowercased()] ?? package.name
      // Python itself, of which nobody keeps versions there.
      case .generic: return nil
      }
      return Component(
        "PyPI", name, version: package.version, scope: .training, statedBy: package.statedBy)
    }
    let versioned = Set(components.filter { $0.version != nil }.map(\.package))
    return components.filter { $0.version != nil || !versioned.contains($0.package) }
  }
}

extension LiftedModel {
  /// The packages that the bill of materials will name of the version that is made of it; nil where nobody knows them.
  func packages(as reference: VersionReference) throws(Problem) -> [ModelBill.StatedPackage]? {
    // What a bill says of packages goes by the artifact alone, so the rest of the manifest may be any.
    let manifest = Manifest(
      name: reference.name, version: reference.version, signature: .null, artifact: inspected.pushed.digest,
      framework: lifted.framework, frameworkVersion: lifted.frameworkVersion, estimator: lifted.estimator,
      tool: "", policy: inspected.pushed.digest)
    let bill = ModelBill(
      of: manifest, files: [], lifted, inspected.pushed.artifact, inspected.pushed.trainingData)
    return try ModelBill.packages(in: bill.canonicalBytes)
  }
}
