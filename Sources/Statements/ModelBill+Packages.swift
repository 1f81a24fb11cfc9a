public import Domain
import Encoding

extension ModelBill {
  /// A package that a bill names, by whom it was stated.
  public struct StatedPackage: Hashable, Sendable {
    /// Who numbers its versions.
    public let ecosystem: Package.Ecosystem
    /// Its name there.
    public let name: String
    /// Its version; nil where nobody says.
    public let version: String?
    /// Who says that it is a part: files beside the model, or `artifact`.
    public let statedBy: [String]

    /// States a package.
    public init(ecosystem: Package.Ecosystem, name: String, version: String?, statedBy: [String]) {
      self.ecosystem = ecosystem
      self.name = name
      self.version = version
      self.statedBy = statedBy
    }
  }

  /// Reads the packages of a bill's bytes, in its order: framework and training environment.
  ///
  /// The sets of operators that a model in ONNX asks for are no version of a package, and none of them. What a file asks for
  /// without naming one version says nothing of what was installed, and is none either. Nil where a file beside the model was
  /// not read whole: then nobody knows them. Throws `bill.malformed`.
  public static func packages(in bytes: [UInt8]) throws(Problem) -> [StatedPackage]? {
    let json: JSON
    do throws(MalformedJSON) {
      json = try JSON(parsing: bytes, limits: JSONLimits(depth: 16, values: 1_000_000))
    } catch {
      throw malformed("JSON", "\(error.found) at line \(error.line), column \(error.column)")
    }
    guard json["bomFormat"] == "CycloneDX", let components = json["components"]?.array else {
      throw malformed("a bill of materials of CycloneDX with its components", json.kind)
    }
    var packages: [StatedPackage] = []
    for component in components {
      let remarks = component["properties"]?.array ?? []
      guard !remarks.contains(where: { $0["name"] == .string(BillOfMaterials.Property("unread", "").name) })
      else { return nil }
      guard let url = component["purl"]?.string else { continue }
      let type = url.split(separator: "/", maxSplits: 1).first?.split(separator: ":").last.map(String.init)
      guard let name = component["name"]?.string else {
        throw malformed("a part with its name", "one without")
      }
      guard let ecosystem = type.flatMap(Package.Ecosystem.init(rawValue:)) else { continue }
      let version = component["version"]?.string
      if name == "onnx", component["type"] == "framework", version?.contains(" ") == true { continue }
      let properties = remarks.filter {
        $0["name"] == .string(BillOfMaterials.Property("stated-by", "").name)
      }
      packages.append(
        StatedPackage(
          ecosystem: ecosystem, name: name, version: version,
          statedBy: properties.compactMap { $0["value"]?.string }))
    }
    return packages
  }

  private static func malformed(_ expected: String, _ found: String) -> Problem {
    Problem(.integrity, "bill.malformed", "expected \(expected), found \(found)", subject: path)
  }
}
