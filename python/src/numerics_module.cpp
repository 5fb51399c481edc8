//===- numerics_module.cpp - The oracle and its bounds for Python ---------===//
//
// Part of TapML, under the Apache License v2.0 with LLVM Exceptions. See
// LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The extension module `tapml._numerics`: evaluates functions of operators in
// float64, with bounds, and compares arrays with that. `tapml.numerics` puts
// the interface for users on top of it.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Dialect/TapML/Numerics/Compare.h"
#include "tapml/Dialect/TapML/Numerics/Evaluate.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>

namespace nb = nanobind;
using namespace tapml;

namespace {

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

using InputArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

/// Returns the element type of an array, or null if tensors have no such.
mlir::Type getElementType(mlir::MLIRContext &context, nb::dlpack::dtype dtype) {
  mlir::Builder builder(&context);
  using Code = nb::dlpack::dtype_code;
  switch (static_cast<Code>(dtype.code)) {
  case Code::Float:
    if (dtype.bits == 16)
      return builder.getF16Type();
    if (dtype.bits == 32)
      return builder.getF32Type();
    return dtype.bits == 64 ? builder.getF64Type() : mlir::Type();
  case Code::Bfloat:
    return dtype.bits == 16 ? builder.getBF16Type() : mlir::Type();
  case Code::Int:
    if (dtype.bits == 32)
      return builder.getI32Type();
    return dtype.bits == 64 ? builder.getI64Type() : mlir::Type();
  case Code::Bool:
    return dtype.bits == 8 ? builder.getI1Type() : mlir::Type();
  default:
    return mlir::Type();
  }
}

/// Returns `array` as a tensor on the same memory.
HostTensor wrap(mlir::MLIRContext &context, const InputArray &array) {
  mlir::Type type = getElementType(context, array.dtype());
  if (!type)
    throw std::invalid_argument(
        "an array has an element type that tensors do not (DLPack code " +
        std::to_string(array.dtype().code) + ", " +
        std::to_string(array.dtype().bits) + " bits)");
  llvm::SmallVector<int64_t> shape;
  for (size_t dim = 0; dim < array.ndim(); ++dim)
    shape.push_back(static_cast<int64_t>(array.shape(dim)));
  return HostTensor::borrow(type, shape,
                            {static_cast<const char *>(array.data()),
                             static_cast<size_t>(array.nbytes())});
}

/// What a value of Python keeps: an estimate and the context of its type.
struct PyEstimate {
  std::shared_ptr<mlir::MLIRContext> context;
  Estimate estimate;
};

/// Returns `elements`, which belong to `owner`, as an array of `shape`.
template <typename T>
nb::object toArray(nb::handle owner, const Estimate &estimate,
                   llvm::ArrayRef<T> elements) {
  std::vector<size_t> shape(estimate.getShape().begin(),
                            estimate.getShape().end());
  return nb::cast(nb::ndarray<nb::numpy, const T>(elements.data(), shape.size(),
                                                  shape.data(), owner));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

std::string toString(mlir::Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// Collects diagnostics, to throw them.
class Diagnostics {
public:
  explicit Diagnostics(mlir::MLIRContext &context)
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          llvm::raw_string_ostream os(text);
          os << (text.empty() ? "" : "; ") << diagnostic;
          return mlir::success();
        }) {}

  [[noreturn]] void raise() const { throw std::invalid_argument(text); }

private:
  std::string text;
  mlir::ScopedDiagnosticHandler handler;
};

Arithmetic getArithmetic(mlir::MLIRContext &context, const std::string &name) {
  if (name == "source")
    return Arithmetic::source();
  if (ProfileAttr profile = ProfileAttr::getPreset(&context, name))
    return Arithmetic::get(profile);
  throw std::invalid_argument("there is no arithmetic '" + name +
                              "'; there are source, " +
                              llvm::join(ProfileAttr::getPresetNames(), ", "));
}

/// The first function of a module.
class Function {
public:
  explicit Function(const std::string &text)
      : context(std::make_shared<mlir::MLIRContext>(
            mlir::MLIRContext::Threading::DISABLED)) {
    context
        ->loadDialect<TapMLDialect, mlir::arith::ArithDialect,
                      mlir::func::FuncDialect, mlir::tensor::TensorDialect>();
    Diagnostics diagnostics(*context);
    module = mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
    if (!module)
      diagnostics.raise();
    auto functions = module->getOps<mlir::func::FuncOp>();
    if (functions.empty())
      throw std::invalid_argument("the module has no function");
    function = *functions.begin();
  }

  /// Evaluates for `arrays`; `weights` holds those of the module by key.
  /// `observer` is called with each operator's text and results.
  std::vector<PyEstimate>
  evaluate(const std::vector<InputArray> &arrays, const std::string &arithmetic,
           const std::map<std::string, InputArray> &weights, bool propagate,
           std::optional<uint64_t> perturbation, nb::object observer) {
    EvaluationOptions options;
    options.arithmetic = getArithmetic(*context, arithmetic);
    options.propagate = propagate;
    options.perturbation = perturbation;
    options.weights = [&](GlobalOp global) -> llvm::FailureOr<HostTensor> {
      auto it = weights.find(global.getWeightKey().str());
      if (it == weights.end())
        return global.emitOpError("is not among the weights given");
      return wrap(*context, it->second);
    };
    if (!observer.is_none())
      options.observer = [&](mlir::Operation *op, llvm::ArrayRef<Estimate>,
                             llvm::ArrayRef<Estimate> results) {
        std::string text;
        llvm::raw_string_ostream(text) << *op;
        nb::list list;
        for (const Estimate &result : results)
          list.append(nb::cast(PyEstimate{context, result}));
        observer(text, list);
        return mlir::success();
      };
    llvm::SmallVector<Estimate> arguments;
    for (const InputArray &array : arrays)
      arguments.push_back(Estimate::exact(wrap(*context, array)));
    Diagnostics diagnostics(*context);
    auto results = evaluateFunction(function, arguments, options);
    if (mlir::failed(results))
      diagnostics.raise();
    std::vector<PyEstimate> list;
    for (Estimate &result : *results) {
      // The arrays that were given may be gone when the result is read.
      if (result.getTensor())
        result.isFloat() ? (void)result.getFloats()
                         : (void)result.getIntegers();
      list.push_back({context, result});
    }
    return list;
  }

private:
  std::shared_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
};

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

nb::object toObject(const std::optional<double> &number) {
  return number ? nb::cast(*number) : nb::none();
}

nb::dict toDict(const RangeStats &stats) {
  nb::dict dict;
  dict["elements"] = stats.elements;
  dict["min"] = toObject(stats.min);
  dict["max"] = toObject(stats.max);
  dict["mean"] = toObject(stats.mean);
  dict["variance"] = toObject(stats.variance);
  dict["largest_magnitude"] = toObject(stats.largestMagnitude);
  dict["subnormals"] = stats.subnormals;
  dict["nan"] = stats.nan;
  dict["inf"] = stats.infinities;
  return dict;
}

nb::object toObject(const std::optional<ElementComparison> &element) {
  if (!element)
    return nb::none();
  nb::dict dict;
  dict["index"] = nb::tuple(nb::cast(
      std::vector<int64_t>(element->index.begin(), element->index.end())));
  dict["expected"] = element->expected;
  dict["got"] = element->got;
  dict["text"] =
      "got " + element->gotText + ", expected " + element->expectedText;
  dict["bound"] = element->bound;
  dict["worst"] = element->worst;
  dict["ulps"] = element->ulps;
  dict["share"] = element->share;
  dict["share_of_worst"] = element->shareOfWorst;
  return dict;
}

nb::dict compareArray(const PyEstimate &expected, const InputArray &array) {
  Comparison comparison =
      compare(expected.estimate, wrap(*expected.context, array));
  nb::dict dict;
  dict["verdict"] = stringifyVerdict(comparison.verdict).str();
  dict["mismatch"] = comparison.mismatch;
  dict["elements"] = comparison.elements;
  dict["failed"] = comparison.failed;
  dict["proven"] = comparison.proven;
  dict["free"] = comparison.free;
  dict["worst_share"] = comparison.worstShare;
  dict["worst_share_of_worst"] = comparison.worstShareOfWorst;
  dict["worst"] = toObject(comparison.worst);
  dict["first"] = toObject(comparison.first);
  dict["clusters"] = comparison.clusters;
  dict["expected_range"] = toDict(comparison.expectedRange);
  dict["got_range"] = toDict(comparison.gotRange);
  return dict;
}

} // namespace

NB_MODULE(_numerics, m) {
  nb::set_leak_warnings(false);
  nb::class_<PyEstimate>(m, "Estimate")
      .def_prop_ro("dtype",
                   [](const PyEstimate &self) {
                     return toString(self.estimate.getElementType());
                   })
      .def_prop_ro("shape",
                   [](const PyEstimate &self) {
                     return nb::tuple(nb::cast(
                         std::vector<int64_t>(self.estimate.getShape().begin(),
                                              self.estimate.getShape().end())));
                   })
      .def_prop_ro("values",
                   [](nb::handle_t<PyEstimate> self) {
                     const Estimate &e =
                         nb::cast<const PyEstimate &>(self).estimate;
                     return e.isFloat() ? toArray(self, e, e.getFloats())
                                        : toArray(self, e, e.getIntegers());
                   })
      .def_prop_ro("bounds",
                   [](nb::handle_t<PyEstimate> self) -> nb::object {
                     const Estimate &e =
                         nb::cast<const PyEstimate &>(self).estimate;
                     if (e.isExact())
                       return nb::none();
                     return toArray(self, e, e.getBounds());
                   })
      .def_prop_ro("worst", [](nb::handle_t<PyEstimate> self) -> nb::object {
        const Estimate &e = nb::cast<const PyEstimate &>(self).estimate;
        if (e.isExact())
          return nb::none();
        return toArray(self, e, e.getWorst());
      });
  nb::class_<Function>(m, "Function")
      .def(nb::init<const std::string &>(), nb::arg("text"))
      .def("evaluate", &Function::evaluate, nb::arg("arrays"),
           nb::arg("arithmetic"), nb::arg("weights"), nb::arg("propagate"),
           nb::arg("perturbation").none(), nb::arg("observer").none());
  m.def("compare", &compareArray, nb::arg("expected"), nb::arg("got"));
}
