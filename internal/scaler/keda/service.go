package keda

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/slo-engine/slo-engine/internal/scaler"
	pb "github.com/slo-engine/slo-engine/internal/scaler/externalscalerpb"
)

// service answers the calls.
type service struct {
	pb.UnimplementedExternalScalerServer
	*Server
}

// target is what one replica can take of a number in replicas.
const target = 1

// named is the scaler that a ScaledObject means.
func (s *service) named(ref *pb.ScaledObjectRef) (*scaler.Spec, error) {
	name := ref.GetScalerMetadata()["scaler"]
	if name == "" {
		return nil, status.Error(codes.InvalidArgument, "the trigger names no scaler: write scaler: NAME into its metadata; "+s.known())
	}
	spec := s.options.Scalers.Spec(name)
	if spec == nil {
		return nil, status.Errorf(codes.NotFound, "there is no scaler %q; %s", name, s.known())
	}
	return spec, nil
}

func (s *service) known() string {
	names := s.options.Scalers.Names()
	if len(names) == 0 {
		return "none is configured under scaling in slo-engine.yaml"
	}
	return "known here: " + strings.Join(names, ", ")
}

// number is that of a scaler.
func (s *service) number(spec *scaler.Spec) (float64, error) {
	number, err := s.options.Scalers.Number(spec.Name)
	if missing := (*scaler.Missing)(nil); errors.As(err, &missing) {
		err = status.Error(codes.Unavailable, missing.Error())
	}
	s.answers.WithLabelValues(spec.Name, status.Code(err).String()).Inc()
	return number.Value, err
}

// IsActive says whether any replicas are needed.
func (s *service) IsActive(_ context.Context, ref *pb.ScaledObjectRef) (*pb.IsActiveResponse, error) {
	spec, err := s.named(ref)
	if err != nil {
		return nil, err
	}
	value, err := s.number(spec)
	if err != nil {
		return nil, err
	}
	return &pb.IsActiveResponse{Result: value > 0}, nil
}

// StreamIsActive says so at once, and whenever it changes. While nothing is known
// nothing is said: what was said last holds.
func (s *service) StreamIsActive(ref *pb.ScaledObjectRef, stream grpc.ServerStreamingServer[pb.IsActiveResponse]) error {
	spec, err := s.named(ref)
	if err != nil {
		return err
	}
	tick := time.NewTicker(s.options.Every)
	defer tick.Stop()
	for said, told := false, false; ; {
		if number, err := s.options.Scalers.Number(spec.Name); err == nil && (!told || said != (number.Value > 0)) {
			said, told = number.Value > 0, true
			if err := stream.Send(&pb.IsActiveResponse{Result: said}); err != nil {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-s.stopping:
			return errStopping
		}
	}
}

var errStopping = status.Error(codes.Unavailable, "the engine is stopping")

// GetMetricSpec says what the metric is called. It depends on nothing but the
// configuration.
func (s *service) GetMetricSpec(_ context.Context, ref *pb.ScaledObjectRef) (*pb.GetMetricSpecResponse, error) {
	spec, err := s.named(ref)
	if err != nil {
		return nil, err
	}
	return metricSpec(spec), nil
}

func metricSpec(spec *scaler.Spec) *pb.GetMetricSpecResponse {
	return &pb.GetMetricSpecResponse{MetricSpecs: []*pb.MetricSpec{{MetricName: spec.Name, TargetSize: target, TargetSizeFloat: target}}}
}

// StreamMetricSpec says that too, once: it changes with a restart only.
func (s *service) StreamMetricSpec(ref *pb.ScaledObjectRef, stream grpc.ServerStreamingServer[pb.GetMetricSpecResponse]) error {
	spec, err := s.named(ref)
	if err != nil {
		return err
	}
	if err := stream.Send(metricSpec(spec)); err != nil {
		return err
	}
	select {
	case <-stream.Context().Done():
		return stream.Context().Err()
	case <-s.stopping:
		return errStopping
	}
}

// GetMetrics says how many replicas are needed.
func (s *service) GetMetrics(_ context.Context, r *pb.GetMetricsRequest) (*pb.GetMetricsResponse, error) {
	spec, err := s.named(r.GetScaledObjectRef())
	if err != nil {
		return nil, err
	}
	if name := r.GetMetricName(); name != spec.Name {
		return nil, status.Error(codes.InvalidArgument, fmt.Sprintf("the scaler %s has no metric %q, only %s", spec.Name, name, spec.Name))
	}
	value, err := s.number(spec)
	if err != nil {
		return nil, err
	}
	return &pb.GetMetricsResponse{MetricValues: []*pb.MetricValue{
		{MetricName: spec.Name, MetricValue: int64(math.Ceil(value)), MetricValueFloat: value},
	}}, nil
}
