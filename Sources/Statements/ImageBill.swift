import Domain
import Encoding
import Provenance

// The bill of materials of an image: the program with what is linked into it, and each bundle's own bill.

extension StatedImage {
  /// The property of the program that has the record of its build, canonical.
  private static let recordProperty = "build-record"

  /// What the image is made of, CycloneDX 1.6.
  var bill: Statement {
    let root = "image"
    var subject = BillOfMaterials.Component(.container, root, name: name)
    subject.version = manifest.description
    subject.packageURL = .image(name, manifest.description)
    subject.digest = manifest
    let program = programParts
    var components = program.components.map(\.json)
    var dependencies = program.dependencies
    dependencies[root] = Set([program.root] + bundles.map(\.manifest.reference.description))
    for bundle in bundles {
      components.append(bundle.model)
      components += bundle.bill["components"]?.array ?? []
      for dependency in bundle.bill["dependencies"]?.array ?? [] {
        guard let reference = dependency["ref"]?.string else { continue }
        dependencies[reference] = Set((dependency["dependsOn"]?.array ?? []).compactMap(\.string))
      }
    }
    return Statement(
      about: [Statement.Subject(name: name, digest: manifest)], kind: .bill,
      predicate: BillOfMaterials(
        subject: subject.json, tool: tool, components: components, dependencies: dependencies
      ).json)
  }

  /// The data plane's program and what is in it.
  ///
  /// No model's name has a slash, and none is `program`'s: each reference of a bundle has an `@` before its first slash.
  private var programParts:
    (root: String, components: [BillOfMaterials.Component], dependencies: [String: Set<String>])
  {
    let root = "program"
    var component = BillOfMaterials.Component(.application, root, name: "gatehouse-runtime")
    component.digest = program
    guard let build else { return (root, [component], [root: []]) }
    component.properties = [BillOfMaterials.Property(Self.recordProperty, build.text)]
    let parts = build.parts(below: root)
    var dependencies = parts.dependencies
    dependencies[root] = Set(parts.top)
    return (root, [component] + parts.components, dependencies)
  }

  /// The record of the program's build that a bill has, which the bill's signer vouches for; nil where it has none.
  ///
  /// Throws `program-build.malformed` or `program-build.other-program`.
  static func record(in bill: JSON, of program: Digest) throws(Problem) -> ProgramBuild? {
    let name = JSON.string(BillOfMaterials.Property(recordProperty, "").name)
    let component = bill["components"]?.array?.first { $0["bom-ref"] == "program" }
    guard let property = component?["properties"]?.array?.first(where: { $0["name"] == name }),
      let text = property["value"]?.string
    else { return nil }
    return try ProgramBuild(parsing: Array(text.utf8), of: program)
  }
}

extension ProgramBuild {
  /// What is linked into the program, as parts of a bill: those that it needs itself, and what these bring along.
  fileprivate func parts(
    below root: String
  ) -> (components: [BillOfMaterials.Component], dependencies: [String: Set<String>], top: [String]) {
    var components: [String: BillOfMaterials.Component] = [:]
    var dependencies: [String: Set<String>] = [:]
    var top: [String] = []
    var byName: [String: String] = [:]
    for package in packages {
      let url = PackageURL.swift(repository: package.repository, package.version)
      let reference = "\(root)/\(url?.description ?? package.name)"
      var component = BillOfMaterials.Component(.library, reference, name: package.name)
      component.version = package.version
      component.packageURL = url
      component.properties = [
        BillOfMaterials.Property("repository", package.repository),
        BillOfMaterials.Property("revision", package.revision),
      ]
      components[reference] = component
      dependencies[reference] = []
      byName[package.name] = reference
      top.append(reference)
    }
    for other in vendored {
      let reference = "\(root)/\(PackageURL.generic(other.name, other.version))"
      var component = BillOfMaterials.Component(.library, reference, name: other.name)
      component.version = other.version
      component.packageURL = .generic(other.name, other.version)
      component.properties = [BillOfMaterials.Property("brought-by", other.package)]
      components[reference] = component
      dependencies[reference] = []
      if let package = byName[other.package] {
        dependencies[package, default: []].insert(reference)
      } else {
        top.append(reference)
      }
    }
    for library in libraries {
      let url = PackageURL.debian(library.package, library.version, architecture: library.architecture)
      let reference = "\(root)/\(url)"
      var component =
        components[reference] ?? BillOfMaterials.Component(.library, reference, name: library.package)
      component.version = library.version
      component.packageURL = url
      component.properties.append(BillOfMaterials.Property("archive", library.archive))
      components[reference] = component
      dependencies[reference] = []
      top.append(reference)
    }
    var compiler = BillOfMaterials.Component(.library, "\(root)/swift-runtime", name: "swift-runtime")
    compiler.version = swift
    compiler.packageURL = .generic("swift-runtime", swift)
    compiler.properties = [BillOfMaterials.Property("target", target)]
    components[compiler.reference] = compiler
    dependencies[compiler.reference] = []
    top.append(compiler.reference)
    let sorted = components.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    return (sorted, dependencies, top)
  }
}
