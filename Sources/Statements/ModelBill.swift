public import Domain
public import Encoding
public import Provenance

/// The bill of materials of one bundle, `bom.cdx.json`: the model, what it was lifted from, and what it was trained with
/// as far as the artifact says.
///
/// What came along beside the model is told as what it is: a claim of whoever pushed it.
public struct ModelBill: Sendable {
  /// Where it stands in a bundle.
  public static let path = "bom.cdx.json"

  /// A package of a training environment, at one version.
  public struct Package: Hashable, Sendable {
    /// Who numbers its versions.
    public enum Ecosystem: String, Sendable {
      case pypi, conda, generic
    }

    /// Who numbers its versions.
    public let ecosystem: Ecosystem
    /// Its name there.
    public let name: String
    /// Its version.
    public let version: String
    /// Which build of conda it is; nil where that is not said.
    public let build: String?
    /// The channel of conda that it is from; nil where that is not said.
    public let channel: String?

    /// Names a package.
    public init(
      _ ecosystem: Ecosystem, _ name: String, _ version: String, build: String? = nil,
      channel: String? = nil
    ) {
      self.ecosystem = ecosystem
      self.name = name
      self.version = version
      self.build = build
      self.channel = channel
    }

    var packageURL: PackageURL {
      switch ecosystem {
      case .pypi: .pypi(name, version)
      case .conda: .conda(name, version, build: build, channel: channel)
      case .generic: .generic(name, version)
      }
    }
  }

  /// A file that lay beside the model and says what it was trained with.
  public struct EnvironmentFile: Sendable {
    /// Its path in the artifact.
    public let path: String
    /// The digest of its bytes.
    public let digest: Digest
    /// The packages that it names at one version.
    public let packages: [Package]
    /// What else it asks for, one line each: ranges, addresses, options.
    public let remarks: [String]
    /// What of it could not be read, one line each.
    public let faults: [String]

    /// Says what a file names.
    public init(
      path: String, digest: Digest, packages: [Package], remarks: [String] = [], faults: [String] = []
    ) {
      self.path = path
      self.digest = digest
      self.packages = packages
      self.remarks = remarks
      self.faults = faults
    }
  }

  private let manifest: Manifest
  private let files: [BundleFile]
  private let task: String?
  private let inputs: [String]
  private let outputs: [String]
  private let environment: [EnvironmentFile]
  private let trainingData: TrainingData

  /// States what a bundle is made of.
  ///
  /// `files` are those that the model is kept in, graph and weights. `task` is what it does, `classification`, where that is
  /// known; `inputs` and `outputs` say in words what goes in and what comes out. The order of `environment` does not matter.
  public init(
    of manifest: Manifest, files: [BundleFile], task: String?, inputs: [String], outputs: [String],
    environment: [EnvironmentFile] = [], trainingData: TrainingData = .unstated
  ) {
    self.manifest = manifest
    self.files = files
    self.task = task
    self.inputs = inputs
    self.outputs = outputs
    self.environment = environment.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    self.trainingData = trainingData
  }

  /// The bill as JSON, CycloneDX 1.6.
  public var json: JSON {
    let root = manifest.reference.description
    var parts = Parts(root: root)
    parts.add(framework: manifest.framework, version: manifest.frameworkVersion)
    for file in environment { parts.add(file) }
    for data in trainingData.sets { parts.add(data) }
    return BillOfMaterials(
      subject: model(trainedWith: parts.data).json, tool: manifest.tool,
      components: parts.components.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(
        \.value.json), dependencies: parts.dependencies
    ).json
  }

  /// The bytes of `bom.cdx.json`.
  public var canonicalBytes: [UInt8] { json.canonicalBytes }

  private func model(trainedWith data: [String]) -> BillOfMaterials.Component {
    let root = manifest.reference.description
    var model = BillOfMaterials.Component(.model, root, name: manifest.name.description)
    model.version = manifest.version.description
    model.parts = files.map {
      var part = BillOfMaterials.Component(.file, "\(root)/\($0.path)", name: $0.path)
      part.digest = Digest(of: $0.bytes)
      return part
    }
    var artifact = BillOfMaterials.Component(.file, "\(root)/artifact", name: "artifact")
    artifact.digest = manifest.artifact
    artifact.description =
      "what was pushed: the digest of its one file, or of the canonical list of its files"
    model.ancestors = [artifact]
    model.properties = [
      BillOfMaterials.Property("framework", manifest.framework),
      BillOfMaterials.Property("framework-version", manifest.frameworkVersion.excerpt(100)),
      BillOfMaterials.Property("policy", manifest.policy.description),
    ]
    var parameters: [String: JSON] = ["architectureFamily": .string(manifest.estimator)]
    if let task { parameters["task"] = .string(task) }
    parameters["inputs"] = .array(inputs.map { ["format": .string($0)] })
    parameters["outputs"] = .array(outputs.map { ["format": .string($0)] })
    if !data.isEmpty { parameters["datasets"] = .array(data.map { ["ref": .string($0)] }) }
    model.modelCard = ["modelParameters": .object(parameters)]
    return model
  }

  /// The parts of a bill as they are put together, by their references.
  private struct Parts {
    let root: String
    private(set) var components: [String: BillOfMaterials.Component] = [:]
    private(set) var dependencies: [String: Set<String>]
    private(set) var data: [String] = []

    init(root: String) {
      self.root = root
      dependencies = [root: []]
    }

    mutating func add(framework: String, version: String) {
      // Whatever the artifact says; no version of a package is that long.
      let known = version == "unknown" || version.utf8.count > 100 ? nil : version
      let url = PackageURL.pypi(framework, known)
      var component = BillOfMaterials.Component(.framework, "\(root)/\(url)", name: framework)
      component.version = known
      component.packageURL = url
      component.properties = [BillOfMaterials.Property("stated-by", "artifact")]
      insert(component, neededBy: root)
    }

    mutating func add(_ file: EnvironmentFile) {
      var component = BillOfMaterials.Component(.file, "\(root)/artifact/\(file.path)", name: file.path)
      component.digest = file.digest
      component.properties =
        file.remarks.map { BillOfMaterials.Property("requirement", $0) }
        + file.faults.map { BillOfMaterials.Property("unread", $0) }
      insert(component, neededBy: root)
      for package in file.packages {
        let url = package.packageURL
        var library = BillOfMaterials.Component(.library, "\(root)/\(url)", name: package.name)
        library.version = package.version
        library.packageURL = url
        library.properties = [BillOfMaterials.Property("stated-by", file.path)]
        insert(library, neededBy: component.reference)
      }
    }

    mutating func add(_ set: DataSet) {
      let reference = "\(root)/data/\(set.digest.hexadecimal)"
      var component = BillOfMaterials.Component(.data, reference, name: set.name)
      component.digest = set.digest
      component.data = [["type": "dataset", "name": .string(set.name)]]
      insert(component, neededBy: root)
      data.append(reference)
    }

    /// What is named a second time stays one part, which all have named.
    private mutating func insert(
      _ component: BillOfMaterials.Component, neededBy other: String
    ) {
      dependencies[other, default: []].insert(component.reference)
      dependencies[component.reference, default: []].formUnion([])
      guard var known = components[component.reference] else {
        components[component.reference] = component
        return
      }
      for property in component.properties where !known.properties.contains(property) {
        known.properties.append(property)
      }
      components[component.reference] = known
    }
  }
}
