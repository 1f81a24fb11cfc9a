import Artifacts
import Domain
import Lifting
import ModelGraph
import Provenance
import Statements

extension ModelBill {
  /// How many files about the training environment are read, and how many tensors are told one by one.
  private static let fileLimit = 16
  private static let portLimit = 200
  /// How many packages are told of all files: what is stated of an image has all of them, and has a bound.
  private static let packageLimit = 5_000

  /// States what a lifted model is made of: itself, and what its artifact and whoever pushed it say of its training.
  init(
    of manifest: Manifest, files: [BundleFile], _ lifted: LiftedGraph, _ artifact: Artifact,
    _ data: TrainingData
  ) {
    let signature = lifted.graph.graph.signature
    self.init(
      of: manifest, files: files,
      // Whoever has no labels may predict numbers, clusters or outliers; of these only a regressor says so.
      task: signature.classes.isEmpty
        ? lifted.estimator.hasSuffix("Regressor") ? "regression" : nil : "classification",
      inputs: Self.words(of: signature.inputs), outputs: Self.words(of: signature.outputs.flatMap(\.ports)),
      environment: Self.environment(of: artifact), trainingData: data)
  }

  /// Tensors in words, the first of many.
  private static func words(of ports: [ModelSignature.Port]) -> [String] {
    let words = ports.prefix(portLimit).map(\.words)
    return ports.count > portLimit ? words + ["and \(ports.count - portLimit) more"] : words
  }

  /// The files of an artifact that say what it was trained with, the first by their paths.
  private static func environment(of artifact: Artifact) -> [EnvironmentFile] {
    var files: [EnvironmentFile] = []
    var left = packageLimit
    for file in artifact.files.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
      guard files.count < fileLimit else { break }
      guard let kind = Artifacts.EnvironmentFile.Kind(path: file.path) else { continue }
      let read = Artifacts.EnvironmentFile(file.bytes, as: kind)
      let packages = read.packages.prefix(left)
      left -= packages.count
      let more = read.packages.count - packages.count
      files.append(
        EnvironmentFile(
          path: file.path.escaped(limit: 400), digest: Digest(of: file.bytes),
          packages: packages.map(Package.init),
          remarks: read.remarks,
          faults: read.faults.map { "\($0.message) (byte \($0.offset))".escaped(limit: 300) }
            + (more == 0 ? [] : ["and \(more) packages more"])))
    }
    return files
  }
}

extension ModelBill.Package {
  fileprivate init(_ package: Artifacts.EnvironmentFile.Package) {
    switch package.source {
    case .pypi: self.init(.pypi, package.name, package.version)
    case .conda(let build, let channel):
      self.init(.conda, package.name, package.version, build: build, channel: channel)
    case .python: self.init(.generic, package.name, package.version)
    }
  }
}

extension ModelSignature.Port {
  /// A tensor in words: `predict_proba: FP64 [-1, 3]`.
  fileprivate var words: String {
    "\(name.escaped(limit: 100)): \(datatype.rawValue) [\(shape.map(String.init).joined(separator: ", "))]"
  }
}
